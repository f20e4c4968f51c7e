import { ActionIcon, Button, Group, Select, Stack, Textarea } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";

import { humanize } from "@/lib/format";
import type { Message } from "@/lib/models";

interface MessageEditorProps {
  messages: Message[];
  onChange: (messages: Message[]) => void;
  onSubmit: () => void;
}

const ROLES: Message["role"][] = ["system", "user", "assistant"];

/** The conversation that is sent, message by message. */
export function MessageEditor({ messages, onChange, onSubmit }: MessageEditorProps) {
  const set = (index: number, change: Partial<Message>) =>
    onChange(messages.map((message, at) => (at === index ? { ...message, ...change } : message)));
  const last = messages[messages.length - 1];
  return (
    <Stack gap="sm">
      {messages.map(({ role, content }, index) => (
        <Stack key={index} gap={4}>
          <Group justify="space-between">
            <Select
              aria-label={`Role of message ${index + 1}`}
              size="xs"
              w={120}
              data={ROLES.map((value) => ({ value, label: humanize(value) }))}
              value={role}
              onChange={(value) => value && set(index, { role: value as Message["role"] })}
              allowDeselect={false}
            />
            {messages.length > 1 && (
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove message ${index + 1}`}
                onClick={() => onChange(messages.filter((_, at) => at !== index))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            )}
          </Group>
          <Textarea
            aria-label={`Message ${index + 1}`}
            placeholder="Write a message"
            autosize
            minRows={2}
            maxRows={10}
            value={content}
            onChange={(event) => set(index, { content: event.currentTarget.value })}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                onSubmit();
              }
            }}
            data-testid={`sample-message-${index}`}
          />
        </Stack>
      ))}
      <Button
        variant="subtle"
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        onClick={() => onChange([...messages, { role: last?.role === "user" ? "assistant" : "user", content: "" }])}
        w="fit-content"
      >
        Add a message
      </Button>
    </Stack>
  );
}
