import { Button, Card, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { ErrorAlert } from "@/components/ui/error-alert";
import { OptionFields } from "@/components/ui/option-fields";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { useUrlFilter } from "@/hooks/use-url-filter";
import type { RunDraft, RunKind } from "@/lib/models";
import { useTrainingOptions } from "@/lib/queries/get-training-options";

import { useCreateRun } from "../api/create-run";

import { RunInputField } from "./run-input-field";
import { RUN_TEXTS } from "./run-texts";

const KINDS = Object.keys(RUN_TEXTS) as RunKind[];

export function NewRunPage() {
  const projectId = useRouteId("projectId");
  const [kindName, setKind] = useUrlFilter("kind");
  const kind = KINDS.find((known) => known === kindName) ?? "sft";
  return (
    <>
      <PageHeader
        title="New run"
        text="What it learns from, and how. A field left empty takes its default."
        trail={[{ label: "Runs", to: `/projects/${projectId}/runs` }]}
      />
      <Stack>
        <Select
          label="Kind"
          description={RUN_TEXTS[kind].text}
          data={KINDS.map((value) => ({ value, label: RUN_TEXTS[value].title }))}
          value={kind}
          onChange={setKind}
          allowDeselect={false}
          maw={420}
        />
        <RunForm key={kind} projectId={projectId} kind={kind} />
      </Stack>
    </>
  );
}

function RunForm({ projectId, kind }: { projectId: number; kind: RunKind }) {
  const options = useTrainingOptions(projectId);
  const create = useCreateRun(projectId);
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [config, setConfig] = useState<Record<string, unknown>>({});
  const [inputs, setInputs] = useState<RunDraft["inputs"]>({});
  const missing = RUN_TEXTS[kind].inputs.filter(({ role, isOptional }) => !isOptional && !inputs[role]);

  const start = () =>
    create.mutate(
      { kind, name, config, inputs },
      { onSuccess: ({ id }) => navigate(`/projects/${projectId}/runs/${id}`) },
    );

  return (
    <Stack>
      <TextInput
        label="Name"
        description="To find it again; may stay empty."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maw={420}
      />
      <Card withBorder padding="md">
        <Stack>
          <Title order={2} size="h4">
            Inputs
          </Title>
          {RUN_TEXTS[kind].inputs.map((input) => (
            <RunInputField
              key={input.role}
              projectId={projectId}
              input={input}
              value={inputs[input.role]}
              onChange={(value) => {
                const { [input.role]: _, ...rest } = inputs;
                setInputs(value ? { ...rest, [input.role]: value } : rest);
              }}
            />
          ))}
        </Stack>
      </Card>
      <Card withBorder padding="md">
        <Stack>
          <Title order={2} size="h4">
            Options
          </Title>
          <QueryView query={options}>
            {(trainers) => <OptionFields schema={trainers[kind]} value={config} onChange={setConfig} />}
          </QueryView>
        </Stack>
      </Card>
      <ErrorAlert error={create.error} />
      <Group>
        <Button onClick={start} loading={create.isPending} disabled={missing.length > 0} data-testid="run-start">
          Start run
        </Button>
        {missing.length > 0 && (
          <Text size="sm" c="dimmed">
            Still to choose: {missing.map(({ label }) => label).join(", ")}
          </Text>
        )}
      </Group>
    </Stack>
  );
}
