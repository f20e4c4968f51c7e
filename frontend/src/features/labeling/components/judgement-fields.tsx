import { Chip, Group, Kbd, Stack } from "@mantine/core";

import { useTexts } from "@/lib/language";
import type { ShownSchema } from "@/lib/task-models";

import { RatingRow } from "./rating-row";
import classes from "./task.module.css";

interface JudgementFieldsProps {
  completionId: number;
  letter: string;
  schema: ShownSchema;
  ratings: Record<string, number>;
  flags: string[];
  flagKeys?: string; // the letter that sets each flag, in order
  onRate: (axis: string, value: number) => void;
  onFlag: (keys: string[]) => void;
}

/** What is said of one completion by itself: a rating on each axis, and flags. */
export function JudgementFields(props: JudgementFieldsProps) {
  const { completionId, letter, schema, ratings, flags, flagKeys = "", onRate, onFlag } = props;
  const { task } = useTexts();
  return (
    <Stack gap="xs">
      <div>
        {schema.axes.map((axis) => (
          <RatingRow
            key={axis.key}
            axis={axis}
            name={`rating-${completionId}-${axis.key}`}
            testId={`rating-${letter}-${axis.key}`}
            value={ratings[axis.key] ?? null}
            onChange={(value) => onRate(axis.key, value)}
          />
        ))}
      </div>
      {schema.flags.length > 0 && (
        <Chip.Group multiple value={flags} onChange={onFlag}>
          <Group gap={4} role="group" aria-label={task.flagsOf(letter)}>
            {schema.flags.map(({ key, label }, index) => (
              <Chip
                key={key}
                value={key}
                size="xs"
                radius="sm"
                color="red"
                variant="light"
                classNames={{ label: classes.flag }}
                data-testid={`flag-${letter}-${key}`}
              >
                {flagKeys[index] && (
                  <Kbd size="xs" mr={5} className={classes.flagKey} aria-hidden>
                    {flagKeys[index]}
                  </Kbd>
                )}
                {label}
              </Chip>
            ))}
          </Group>
        </Chip.Group>
      )}
    </Stack>
  );
}
