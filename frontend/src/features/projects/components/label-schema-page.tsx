import { ActionIcon, Button, Card, Group, NumberInput, SimpleGrid, Stack, Switch, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { PageHeader } from "@/components/ui/page-header";
import { QueryView } from "@/components/ui/query-view";
import { WideChoice } from "@/components/ui/wide-choice";
import { useRouteId } from "@/hooks/use-route-id";
import { formatTime } from "@/lib/format";
import type { Axis, Flag, LabelSchema, LabelSchemaVersion, PairwiseScale } from "@/lib/models";

import { useCreateLabelSchema } from "../api/create-label-schema";
import { useLabelSchemas } from "../api/get-label-schemas";
import { KeyedList } from "./keyed-list";

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
            start={newestOf(results)?.schema ?? EMPTY_SCHEMA}
          />
        )}
      </QueryView>
    </>
  );
}

const NEW_AXIS: Axis = { key: "", label: "", low: "", high: "", minimum: 1, maximum: 7, is_required: false };
const LISTS = {
  flags: { title: "Flags", noun: "flag" },
  use_cases: { title: "What a prompt may be for", noun: "use case" },
  prompt_flags: { title: "What may be said of a prompt", noun: "prompt flag" },
  harm_categories: { title: "What harm a red team may seek", noun: "harm category" },
  attack_kinds: { title: "How a red team may attack", noun: "kind of attack" },
  success_levels: { title: "How far a red team got, from not at all to fully", noun: "level of success" },
};
type Lists = Pick<LabelSchema, keyof typeof LISTS>;
const NAMES = Object.keys(LISTS) as (keyof Lists)[];
const EMPTY_SCHEMA: LabelSchema = {
  axes: [],
  flags: [],
  pairwise_scale: "four_levels",
  use_cases: [],
  prompt_flags: [],
  harm_categories: [],
  attack_kinds: [],
  success_levels: [],
};
const SCALES: { value: PairwiseScale; label: string }[] = [
  { value: "four_levels", label: "Four levels, one must be better" },
  { value: "nine_points", label: "Nine points with a middle" },
];

function SchemaForm({ projectId, start }: { projectId: number; start: LabelSchema }) {
  const create = useCreateLabelSchema(projectId);
  const [axes, setAxes] = useState<Axis[]>(start.axes);
  const [lists, setLists] = useState<Lists>(start);
  const [scale, setScale] = useState<PairwiseScale>(start.pairwise_scale);
  const rows: Flag[] = [...axes, ...NAMES.flatMap((name) => lists[name])];
  const isReady = rows.every(({ key, label }) => key && label);
  const save = () =>
    create.mutate(
      { schema: { ...lists, axes, pairwise_scale: scale } },
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
      {NAMES.map((name) => (
        <KeyedList key={name} {...LISTS[name]} rows={lists[name]} onChange={(next) => setLists({ ...lists, [name]: next })} />
      ))}
      <Stack component="section">
        <Title order={2} size="h4">
          Pairs
        </Title>
        <WideChoice
          aria-label="Scale of a pair"
          value={scale}
          onChange={(value) => setScale(value as PairwiseScale)}
          data={SCALES}
          data-testid="pairwise-scale-choice"
        />
      </Stack>
      <ErrorAlert error={create.error} />
      <Group>
        <Button loading={create.isPending} disabled={!isReady} onClick={save}>
          Save as new version
        </Button>
        {!isReady && (
          <Text size="sm" c="dimmed">
            Every line needs a key and a name.
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
      <SimpleGrid cols={{ base: 2, md: 4 }} spacing="xs">
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
      <Switch
        mt="xs"
        size="xs"
        label="A ranking needs it for every completion"
        checked={axis.is_required}
        onChange={(event) => onChange({ ...axis, is_required: event.currentTarget.checked })}
      />
    </Card>
  );
}
