import { Paper, Text } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";
import { humanize } from "@/lib/format";
import type { Message } from "@/lib/models";

import classes from "./task.module.css";

/** The conversation that the answer continues. */
export function PromptPanel({ messages }: { messages: Message[] }) {
  return (
    <Paper withBorder radius="md" mb="sm" component="section" aria-label="Prompt" className={classes.prompt} data-testid="prompt" tabIndex={-1}>
      {messages.map(({ role, content }, index) => (
        <div key={index} className={classes.message} data-role={role}>
          <Text size="xs" c="dimmed" fw={600}>
            {humanize(role)}
          </Text>
          <Markdown text={content} />
        </div>
      ))}
    </Paper>
  );
}
