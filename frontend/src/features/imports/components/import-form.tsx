import { Button, Card, Code, FileInput, Group, Select, Stack, Text } from "@mantine/core";
import { IconFile, IconUpload } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { formatBytes } from "@/lib/format";
import type { ImportKind } from "@/lib/models";

import { useCreateImport } from "../api/create-import";

const KINDS: { value: ImportKind; label: string; example: string }[] = [
  {
    value: "prompts",
    label: "Prompts",
    example: '{"prompt_id": "p1", "prompt": [{"role": "user", "content": "Why is the sky blue?"}]}',
  },
  {
    value: "demonstrations",
    label: "Demonstrations",
    example: '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}',
  },
  {
    value: "rankings",
    label: "Rankings",
    example: '{"prompt": [{"role": "user", "content": "..."}], "completions": ["...", "..."], "ranks": [1, 2]}',
  },
  { value: "texts", label: "Texts for pretraining", example: '{"text": "..."}' },
];

export function ImportForm({ projectId }: { projectId: number }) {
  const create = useCreateImport(projectId);
  const [kind, setKind] = useState<ImportKind>("prompts");
  const [file, setFile] = useState<File | null>(null);
  const example = KINDS.find(({ value }) => value === kind)?.example;
  return (
    <Card withBorder padding="md">
      <Stack>
        <Group align="flex-start" grow preventGrowOverflow={false}>
          <Select
            label="What the file holds"
            data={KINDS.map(({ value, label }) => ({ value, label }))}
            value={kind}
            onChange={(value) => value && setKind(value as ImportKind)}
            allowDeselect={false}
            miw={200}
          />
          <FileInput
            label="File"
            placeholder="JSON lines or CSV, also .gz or .xz"
            leftSection={<IconFile size={16} />}
            accept=".jsonl,.csv,.gz,.xz"
            value={file}
            onChange={setFile}
            clearable
            miw={200}
            data-testid="import-file"
          />
        </Group>
        <Text size="xs" c="dimmed">
          One record a line: <Code style={{ overflowWrap: "anywhere" }}>{example}</Code>
        </Text>
        <ErrorAlert error={create.error} />
        <Group>
          <Button
            leftSection={<IconUpload size={16} />}
            loading={create.isPending}
            disabled={!file}
            onClick={() => file && create.mutate({ file, kind }, { onSuccess: () => setFile(null) })}
            data-testid="import-upload"
          >
            Import
          </Button>
          {file && (
            <Text size="sm" c="dimmed">
              {formatBytes(file.size)}
            </Text>
          )}
        </Group>
      </Stack>
    </Card>
  );
}
