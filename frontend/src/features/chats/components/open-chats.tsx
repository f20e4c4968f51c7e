import { Button, Card, Group, NumberInput, SegmentedControl, SimpleGrid, Stack, Textarea, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";

import { CheckpointSelect } from "@/components/ui/checkpoint-select";
import { ErrorAlert } from "@/components/ui/error-alert";
import type { ChatBatchDraft } from "@/lib/models";

import { useOpenChats } from "../api/open-chats";

const START: ChatBatchDraft = {
  kind: "chat",
  num_tasks: 10,
  brief: "",
  checkpoint_a: 0,
  checkpoint_b: 0,
  temperature_a: 1,
  temperature_b: 1,
  top_p: 1,
  max_new_tokens: 256,
  max_turns: 10,
};
const AMOUNTS = [
  { name: "num_tasks", label: "Chats", description: "Each is held by one labeler.", minimum: 1, maximum: 10_000 },
  { name: "max_turns", label: "Turns at most", description: "1 to 50.", minimum: 1, maximum: 50 },
  { name: "max_new_tokens", label: "Tokens a reply at most", description: "1 to 1024.", minimum: 1, maximum: 1024 },
  { name: "temperature_a", label: "Temperature of the first", description: "0 to 2.", minimum: 0, maximum: 2, step: 0.1 },
  { name: "temperature_b", label: "Temperature of the second", description: "0 to 2.", minimum: 0, maximum: 2, step: 0.1 },
  { name: "top_p", label: "Top-p of both", description: "0.05 to 1.", minimum: 0.05, maximum: 1, step: 0.05 },
] as const;

/** Who talks with whom, about what, and how far. */
export function OpenChats({ projectId }: { projectId: number }) {
  const open = useOpenChats(projectId);
  const [draft, setDraft] = useState(START);
  const set = (change: Partial<ChatBatchDraft>) => setDraft((current) => ({ ...current, ...change }));
  const isReady = draft.checkpoint_a > 0 && draft.checkpoint_b > 0;
  const submit = () =>
    open.mutate(draft, {
      onSuccess: () => notifications.show({ message: `${draft.num_tasks} tasks are open.`, color: "teal" }),
    });
  const checkpoint = (name: "checkpoint_a" | "checkpoint_b", label: string) => (
    <CheckpointSelect
      projectId={projectId}
      label={label}
      roles={["policy", "base"]}
      value={draft[name] ? String(draft[name]) : ""}
      onChange={(value) => set({ [name]: Number(value) })}
      required
      data-testid={name}
    />
  );
  return (
    <Card withBorder padding="md" component="section" aria-label="Open chats">
      <Stack>
        <Group justify="space-between">
          <Title order={2} size="h4">
            Open chats
          </Title>
          <SegmentedControl
            aria-label="Kind"
            value={draft.kind}
            onChange={(value) => set({ kind: value === "red_team" ? "red_team" : "chat" })}
            data={[
              { value: "chat", label: "Chat" },
              { value: "red_team", label: "Red team" },
            ]}
            data-testid="chats-kind"
          />
        </Group>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {checkpoint("checkpoint_a", "One reply is written by")}
          {checkpoint("checkpoint_b", "The other by (may be the same)")}
        </SimpleGrid>
        <Textarea
          label="What to talk about"
          description={
            draft.kind === "red_team"
              ? "Shown to the labeler. Red-team tasks go only to people who take sensitive ones."
              : "Shown to the labeler; may be left empty."
          }
          autosize
          minRows={2}
          value={draft.brief}
          onChange={(event) => set({ brief: event.currentTarget.value })}
          data-testid="chats-brief"
        />
        <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }}>
          {AMOUNTS.map(({ name, label, description, minimum, maximum, ...more }) => (
            <NumberInput
              key={name}
              label={label}
              description={description}
              min={minimum}
              max={maximum}
              step={"step" in more ? more.step : 1}
              allowDecimal={"step" in more}
              value={draft[name]}
              onChange={(value) => set({ [name]: Number(value) })}
              data-testid={`chats-${name}`}
            />
          ))}
        </SimpleGrid>
        <ErrorAlert error={open.error} />
        <Button w="fit-content" onClick={submit} disabled={!isReady} loading={open.isPending} data-testid="chats-open">
          Open the tasks
        </Button>
      </Stack>
    </Card>
  );
}
