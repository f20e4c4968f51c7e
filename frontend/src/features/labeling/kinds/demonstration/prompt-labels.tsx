import { Chip, Group, Stack, Text } from "@mantine/core";

import { useTexts } from "@/lib/language";
import type { ShownSchema } from "@/lib/task-models";

import classes from "../../components/task.module.css";
import type { AnswerProps } from "../answer-props";

interface PromptLabelsProps extends Pick<AnswerProps, "draft" | "change"> {
  schema: ShownSchema;
}

/** What the prompt is for and what is to be said of it. Nothing here has to be filled in. */
export function PromptLabels({ schema, draft, change }: PromptLabelsProps) {
  const { demonstration } = useTexts().kinds;
  if (schema.use_cases.length + schema.prompt_flags.length === 0) return null;
  return (
    <Stack gap="xs" mt="sm" component="section" aria-label={demonstration.aboutPrompt}>
      <Text size="sm" fw={600}>
        {demonstration.aboutPrompt}
      </Text>
      <Chip.Group value={draft.use_case} onChange={(value) => change({ use_case: value })}>
        <Group gap={4} role="radiogroup" aria-label={demonstration.useCase}>
          {schema.use_cases.map(({ key, label }) => (
            <Chip
              key={key}
              value={key}
              size="xs"
              radius="sm"
              variant="light"
              onClick={() => draft.use_case === key && change({ use_case: "" })}
              data-testid={`use-case-${key}`}
            >
              {label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <Chip.Group multiple value={draft.prompt_flags} onChange={(keys) => change({ prompt_flags: keys })}>
        <Group gap={4} role="group" aria-label={demonstration.promptFlags}>
          {schema.prompt_flags.map(({ key, label }) => (
            <Chip
              key={key}
              value={key}
              size="xs"
              radius="sm"
              variant="light"
              color="orange"
              classNames={{ label: classes.flag }}
              data-testid={`prompt-flag-${key}`}
            >
              {label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </Stack>
  );
}
