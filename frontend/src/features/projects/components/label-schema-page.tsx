import { ActionIcon, Button, Card, Group, NumberInput, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { Axis, Flag, LabelSchema, LabelSchemaVersion } from "@/lib/models";

import { useCreateLabelSchema } from "../api/create-label-schema";
import { useLabelSchemas } from "../api/get-label-schemas";

function newestOf(versions: LabelSchemaVersion[]): LabelSchemaVersion | undefined {
  return [...versions].sort((a, b) => b.number - a.number)[0];
}

export function LabelSchemaPage() {
  const projectId = useRouteId("projectId");
  const schemas = useLabelSchemas(projectId);
  const newest = newestOf(schemas.data?.results ?? []);
  return (
    <>
      <PageHeader
        title="Label schema"
        text={
          newest
            ? `Version ${newest.number}, ${formatTime(newest.created_at)}. Saving makes a new version; answers keep theirs.`
            : "What labelers rate and flag beside the order."
        }
      />
      <QueryView query={schemas}>
        {({ results }) => (
          <SchemaForm
            key={newestOf(results)?.number ?? 0}
            projectId={projectId}
            start={newestOf(results)?.schema ?? { axes: [], flags: [] }}
          />
        )}
      </QueryView>
    </>
  );
}

const NEW_AXIS: Axis = { key: "", label: "", low: "", high: "", minimum: 1, maximum: 7 };

function SchemaForm({ projectId, start }: { projectId: number; start: LabelSchema }) {
  const create = useCreateLabelSchema(projectId);
  const [axes, setAxes] = useState<Axis[]>(start.axes);
  const [flags, setFlags] = useState<Flag[]>(start.flags);
  const isReady = axes.every(({ key, label }) => key && label) && flags.every(({ key, label }) => key && label);
  const save = () =>
    create.mutate(
      { schema: { axes, flags } },
      { onSuccess: ({ number }) => notifications.show({ message: `Version ${number} saved.`, color: "teal" }) },
    );
  return (
    <Stack gap="xl">
      <Stack component="section">
        <Title order={2} size="h4">
          Ratings of each completion
        </Title>
        {axes.map((axis, index) => (
          <AxisFields
            key={index}
            axis={axis}
            onChange={(next) => setAxes(axes.map((old, at) => (at === index ? next : old)))}
            onRemove={() => setAxes(axes.filter((_, at) => at !== index))}
          />
        ))}
        <Button
          variant="default"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          onClick={() => setAxes([...axes, NEW_AXIS])}
        >
          Add a rating
        </Button>
      </Stack>
      <Stack component="section">
        <Title order={2} size="h4">
          Flags
        </Title>
        {flags.map((flag, index) => (
          <Group key={index} align="flex-end" wrap="nowrap">
            <TextInput
              label="Key"
              flex={1}
              value={flag.key}
              onChange={(event) => {
                const key = event.currentTarget.value;
                setFlags(flags.map((old, at) => (at === index ? { ...old, key } : old)));
              }}
            />
            <TextInput
              label="Shown as"
              flex={2}
              value={flag.label}
              onChange={(event) => {
                const label = event.currentTarget.value;
                setFlags(flags.map((old, at) => (at === index ? { ...old, label } : old)));
              }}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={`Remove flag ${flag.label}`}
              onClick={() => setFlags(flags.filter((_, at) => at !== index))}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} />}
          onClick={() => setFlags([...flags, { key: "", label: "" }])}
        >
          Add a flag
        </Button>
      </Stack>
      <ErrorAlert error={create.error} />
      <Group>
        <Button loading={create.isPending} disabled={!isReady} onClick={save}>
          Save as new version
        </Button>
        {!isReady && (
          <Text size="sm" c="dimmed">
            Every rating and flag needs a key and a name.
          </Text>
        )}
      </Group>
    </Stack>
  );
}

interface AxisFieldsProps {
  axis: Axis;
  onChange: (axis: Axis) => void;
  onRemove: () => void;
}

function AxisFields({ axis, onChange, onRemove }: AxisFieldsProps) {
  const text = (name: "key" | "label" | "low" | "high", label: string) => (
    <TextInput
      label={label}
      value={axis[name]}
      onChange={(event) => onChange({ ...axis, [name]: event.currentTarget.value })}
    />
  );
  return (
    <Card withBorder padding="sm">
      <SimpleGrid cols={{ base: 2, md: 6 }} spacing="xs">
        {text("key", "Key")}
        {text("label", "Shown as")}
        {text("low", "Lowest means")}
        {text("high", "Highest means")}
        <NumberInput
          label="From"
          value={axis.minimum}
          allowDecimal={false}
          onChange={(value) => onChange({ ...axis, minimum: Number(value) })}
        />
        <Group wrap="nowrap" align="flex-end" gap={4}>
          <NumberInput
            label="To"
            value={axis.maximum}
            allowDecimal={false}
            onChange={(value) => onChange({ ...axis, maximum: Number(value) })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Remove rating ${axis.label}`}
            onClick={onRemove}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </SimpleGrid>
    </Card>
  );
}
