import { Button, Card, Code, FileInput, Group, Select, Stack, Text } from "@mantine/core";
import { IconFile, IconUpload } from "@tabler/icons-react";
import { useState } from "react";

import { ErrorAlert } from "@/components/ui/error-alert";
import { formatBytes } from "@/lib/format";
import type { ImportKind } from "@/lib/models";

import { useCreateImport } from "../api/create-import";

const KINDS: { value: ImportKind; label: string; example: string; columns: string }[] = [
  {
    value: "prompts",
    label: "Prompts",
    example: '{"prompt_id": "p1", "prompt": [{"role": "user", "content": "Why is the sky blue?"}]}',
    columns: "prompt_id,prompt",
  },
  {
    value: "demonstrations",
    label: "Demonstrations",
    example: '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}',
    columns: "prompt,completion",
  },
  {
    value: "rankings",
    label: "Rankings",
    example: '{"prompt": [{"role": "user", "content": "..."}], "completions": ["...", "..."], "ranks": [1, 2]}',
    columns: "prompt,completion_1,completion_2,rank_1,rank_2",
  },
  { value: "texts", label: "Texts for pretraining", example: '{"text": "..."}', columns: "text" },
];

export function ImportForm({ projectId }: { projectId: number }) {
  const create = useCreateImport(projectId);
  const [kind, setKind] = useState<ImportKind>("prompts");
  const [file, setFile] = useState<File | null>(null);
  const { example, columns } = KINDS.find(({ value }) => value === kind) ?? {};
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
          JSON lines, one record a line: <Code style={{ overflowWrap: "anywhere" }}>{example}</Code>
          <br />
          CSV, with the columns <Code style={{ overflowWrap: "anywhere" }}>{columns}</Code>
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
