import { Paper, Text } from "@mantine/core";

import { Markdown } from "@/components/ui/markdown";
import { useTexts } from "@/lib/language";
import type { Message } from "@/lib/models";

import classes from "./task.module.css";

/** The conversation that the answer continues. */
export function PromptPanel({ messages }: { messages: Message[] }) {
  const { task } = useTexts();
  return (
    <Paper withBorder radius="md" mb="sm" component="section" aria-label={task.prompt} className={classes.prompt} data-testid="prompt" tabIndex={-1}>
      {messages.map(({ role, content }, index) => (
        <div key={index} className={classes.message} data-role={role}>
          <Text size="xs" c="dimmed" fw={600}>
            {task.roles[role]}
          </Text>
          <Markdown text={content} />
        </div>
      ))}
    </Paper>
  );
}
