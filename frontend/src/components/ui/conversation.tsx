import { Stack, Text } from "@mantine/core";

import { humanize } from "@/lib/format";
import type { Message } from "@/lib/models";

import classes from "./conversation.module.css";

/** Messages of a conversation as plain text, each under the name of its role. */
export function Conversation({ messages }: { messages: Message[] }) {
  return (
    <Stack gap="xs">
      {messages.map(({ role, content }, index) => (
        <div key={index} className={`${classes.message} ${classes[role] ?? ""}`}>
          <Text size="xs" c="dimmed" fw={600} mb={2}>
            {humanize(role)}
          </Text>
          <Text size="sm" component="div">
            {content || "(redacted)"}
          </Text>
        </div>
      ))}
    </Stack>
  );
}
