import { ActionIcon, Button, Group, Stack, TextInput, Title } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import type { Flag } from "@/lib/models";

interface KeyedListProps {
  title: string;
  noun: string;
  rows: Flag[];
  onChange: (rows: Flag[]) => void;
}

/** A list of things that labelers may choose from: the key that answers keep, and the words that people see. */
export function KeyedList({ title, noun, rows, onChange }: KeyedListProps) {
  const change = (index: number, part: Partial<Flag>) => onChange(rows.map((old, at) => (at === index ? { ...old, ...part } : old)));
  return (
    <Stack component="section">
      <Title order={2} size="h4">
        {title}
      </Title>
      {rows.map((row, index) => (
        <Group key={index} align="flex-end" wrap="nowrap">
          <TextInput label="Key" flex={1} value={row.key} onChange={(event) => change(index, { key: event.currentTarget.value })} />
          <TextInput label="Shown as" flex={2} value={row.label} onChange={(event) => change(index, { label: event.currentTarget.value })} />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={`Remove ${noun} ${row.label}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
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
        onClick={() => onChange([...rows, { key: "", label: "" }])}
      >
        Add a {noun}
      </Button>
    </Stack>
  );
}
