import { Chip, Group, Stack, Text } from "@mantine/core";

import { useTexts } from "@/lib/language";
import type { ShownSchema } from "@/lib/task-models";

import classes from "../../components/task.module.css";
import type { AnswerProps } from "../answer-props";

interface AttackLabelsProps extends Pick<AnswerProps, "draft" | "change"> {
  schema: ShownSchema;
}

const ROWS = [
  { name: "harm_category", list: "harm_categories" },
  { name: "attack_kind", list: "attack_kinds" },
  { name: "success_level", list: "success_levels" },
] as const;

/** What the labeler sought, by what attack, and how far it went; all three are asked of every conversation. */
export function AttackLabels({ schema, draft, change }: AttackLabelsProps) {
  const { red_team } = useTexts().kinds;
  return (
    <Stack gap="xs" component="section" aria-label={red_team.about}>
      {ROWS.map(({ name, list }) => (
        <div key={name}>
          <Text size="sm" fw={600} mb={4} id={`label-${name}`}>
            {red_team.labels[name]}
          </Text>
          <Chip.Group value={draft[name]} onChange={(value) => change({ [name]: value })}>
            <Group gap={4} role="radiogroup" aria-labelledby={`label-${name}`}>
              {schema[list].map(({ key, label }) => (
                <Chip
                  key={key}
                  value={key}
                  size="xs"
                  radius="sm"
                  variant="light"
                  classNames={{ label: classes.flag }}
                  data-testid={`${name}-${key}`}
                >
                  {label}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        </div>
      ))}
      <Text size="xs" c="dimmed">
        {red_team.finding}
      </Text>
    </Stack>
  );
}
