import { Button, Card, Grid, Group, NumberInput, Stack, Text, Title } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useState } from "react";

import { CheckpointSelect } from "@/components/ui/checkpoint-select";
import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import type { Message, SampleRequest } from "@/lib/models";

import { useSampleCheckpoint } from "../api/sample-checkpoint";

import { MessageEditor } from "./message-editor";
import { SettingSlider } from "./setting-slider";
import { TokenView } from "./token-view";

const START: SampleRequest = {
  messages: [{ role: "user", content: "" }],
  temperature: 1,
  top_p: 1,
  max_new_tokens: 64,
  seed: 1,
};

/** Ask one checkpoint, and see how sure it was of every token. */
export function SamplingPage() {
  const projectId = useRouteId("projectId");
  const [checkpoint, setCheckpoint] = useUrlFilter("checkpoint");
  const [request, setRequest] = useState(START);
  const sample = useSampleCheckpoint();
  const set = (change: Partial<SampleRequest>) => setRequest((current) => ({ ...current, ...change }));
  const isReady = Boolean(checkpoint) && request.messages.every(({ content }) => content.trim() !== "");
  const run = () => isReady && sample.mutate({ ...request, checkpointId: Number(checkpoint) });

  const goOn = (text: string) => {
    const more: Message[] = [
      { role: "assistant", content: text },
      { role: "user", content: "" },
    ];
    set({ messages: [...request.messages, ...more] });
  };

  return (
    <>
      <PageHeader
        title="Sampling box"
        text="Write to a checkpoint and see the probability of each token it answers with."
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack
            component="form"
            onSubmit={(event) => {
              event.preventDefault();
              run();
            }}
          >
            <CheckpointSelect
              projectId={projectId}
              label="Checkpoint"
              roles={["policy", "base"]}
              value={checkpoint}
              onChange={setCheckpoint}
            />
            <MessageEditor messages={request.messages} onChange={(messages) => set({ messages })} onSubmit={run} />
            <SettingSlider
              label="Temperature"
              description="0 always takes the most probable token."
              value={request.temperature}
              onChange={(temperature) => set({ temperature })}
              minimum={0}
              maximum={2}
            />
            <SettingSlider
              label="Top-p"
              description="Draw only from the likeliest tokens that together reach this."
              value={request.top_p}
              onChange={(top_p) => set({ top_p })}
              minimum={0.05}
              maximum={1}
            />
            <Group grow align="flex-start">
              <NumberInput
                label="Most new tokens"
                value={request.max_new_tokens}
                onChange={(value) => set({ max_new_tokens: Number(value) })}
                min={1}
                max={1024}
                allowDecimal={false}
              />
              <NumberInput
                label="Seed"
                value={request.seed}
                onChange={(value) => set({ seed: Number(value) })}
                min={0}
                allowDecimal={false}
              />
            </Group>
            <Group>
              <Button
                type="submit"
                leftSection={<IconSparkles size={16} />}
                loading={sample.isPending}
                disabled={!isReady}
                data-testid="sample-run"
              >
                Sample
              </Button>
              <Text size="xs" c="dimmed">
                Ctrl + Enter
              </Text>
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Card withBorder padding="md" mih={200} aria-live="polite" aria-busy={sample.isPending}>
            <Title order={2} size="h4" mb="sm">
              Answer
            </Title>
            <ErrorAlert error={sample.error} />
            {sample.data ? (
              <TokenView result={sample.data} onGoOn={goOn} />
            ) : (
              !sample.error && (
                <Text size="sm" c="dimmed">
                  {sample.isPending
                    ? "The model is writing. The first answer of a checkpoint takes longer, while it is loaded."
                    : "Nothing sampled yet."}
                </Text>
              )
            )}
          </Card>
        </Grid.Col>
      </Grid>
    </>
  );
}
