import { Accordion, Card, Group, NumberInput, SimpleGrid, Stack, Switch, Text, Textarea, ThemeIcon } from "@mantine/core";

import { OptionFields } from "@/components/ui/option-fields";
import { WideChoice } from "@/components/ui/wide-choice";
import type { StageKind, StageOptions, TrainingOptions } from "@/lib/models";

import { STAGE_TEXTS } from "./stage-texts";

interface Amount {
  name: "num_tasks" | "num_plain" | "num_few_shot" | "num_prompts" | "completions_per_prompt" | "overlap_share";
  label: string;
  description: string;
  maximum?: number;
  isShare?: boolean;
}

const AMOUNTS: Partial<Record<StageKind, Amount[]>> = {
  demonstrate: [
    { name: "num_tasks", label: "Demonstrations to write", description: "Answers to prompts there are." },
    { name: "num_plain", label: "Prompts of their own", description: "Labelers write any request and its answer." },
    { name: "num_few_shot", label: "Few-shot prompts", description: "An instruction with several requests and answers." },
  ],
  sample: [
    { name: "num_prompts", label: "Prompts", description: "Each becomes one ranking task." },
    { name: "completions_per_prompt", label: "Completions per prompt", description: "2 to 9.", maximum: 9 },
  ],
  rank: [
    {
      name: "overlap_share",
      label: "Ranked twice",
      description: "Share of tasks that two people rank, to measure agreement.",
      maximum: 1,
      isShare: true,
    },
  ],
  ppo: [{ name: "num_prompts", label: "Prompts", description: "Training prompts that PPO samples from." }],
  evaluate: [{ name: "num_prompts", label: "Prompts", description: "Held-out prompts that are compared." }],
};

interface RecipeStageProps {
  options: StageOptions;
  isIncluded: boolean;
  trainers: TrainingOptions;
  onChange: (next: { options?: StageOptions; isIncluded?: boolean }) => void;
}

/** One stage of a recipe: in or out, how much it asks for, and its trainer's options below. */
export function RecipeStage({ options, isIncluded, trainers, onChange }: RecipeStageProps) {
  const { title, text, icon: StageIcon, trainer } = STAGE_TEXTS[options.kind];
  const amounts = AMOUNTS[options.kind] ?? [];
  const schema = trainer && trainers[trainer];
  const config = options.config ?? {};
  const numSet = Object.keys(config).length;
  return (
    <Card withBorder padding="md" opacity={isIncluded ? 1 : 0.6}>
      <Stack>
        <Group justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <ThemeIcon variant="light" color={isIncluded ? undefined : "gray"}>
              <StageIcon size={18} />
            </ThemeIcon>
            <div>
              <Text fw={600}>{title}</Text>
              <Text size="sm" c="dimmed">
                {text}
              </Text>
            </div>
          </Group>
          <Switch
            checked={isIncluded}
            onChange={(event) => onChange({ isIncluded: event.currentTarget.checked })}
            aria-label={`Include ${title}`}
          />
        </Group>
        {isIncluded && amounts.length > 0 && (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
            {amounts.map(({ name, label, description, maximum, isShare }) => (
              <NumberInput
                key={name}
                label={label}
                description={description}
                min={0}
                max={maximum}
                step={isShare ? 0.05 : 1}
                allowDecimal={Boolean(isShare)}
                value={Number(options[name] ?? 0)}
                onChange={(value) => onChange({ options: { ...options, [name]: Number(value) } })}
              />
            ))}
          </SimpleGrid>
        )}
        {isIncluded && options.kind === "demonstrate" && (
          <Textarea
            label="Use cases to write prompts for"
            description="One a line; each becomes one prompt with its answer, written by a labeler."
            autosize
            minRows={2}
            defaultValue={(options.use_cases ?? []).join("\n")}
            onChange={(event) => {
              const lines = event.currentTarget.value.split("\n").filter((line) => line.trim());
              onChange({ options: { ...options, use_cases: lines } });
            }}
          />
        )}
        {isIncluded && options.kind === "rank" && (
          <WideChoice
            aria-label="How people judge"
            value={options.task_kind ?? "ranking"}
            onChange={(value) => onChange({ options: { ...options, task_kind: value === "pairwise" ? "pairwise" : "ranking" } })}
            data={[
              { value: "ranking", label: "Rank all of a prompt" },
              { value: "pairwise", label: "Compare two and two" },
            ]}
          />
        )}
        {isIncluded && options.kind === "rank" && (
          <Stack gap="xs">
            <Switch
              label="Rank first what reward models disagree on"
              description="The newest two or three reward models of the project score what is sampled. Until there are two, the order is random."
              checked={options.random_share !== undefined}
              onChange={(event) => {
                const { random_share: _, ...rest } = options;
                onChange({ options: event.currentTarget.checked ? { ...rest, random_share: 0.2 } : rest });
              }}
              data-testid="active-sampling"
            />
            {options.random_share !== undefined && (
              <NumberInput
                maw={320}
                label="Share at random"
                description="Kept all the same, so that figures can be free of the choice."
                min={0}
                max={1}
                step={0.05}
                value={options.random_share}
                onChange={(value) => onChange({ options: { ...options, random_share: Number(value) } })}
              />
            )}
          </Stack>
        )}
        {isIncluded && schema && (
          <Accordion variant="contained" chevronPosition="left">
            <Accordion.Item value="options">
              <Accordion.Control>
                <Text size="sm">
                  {trainer === "sample" ? "Sampling options" : "Training options"}
                  {numSet > 0 && ` (${numSet} set)`}
                </Text>
              </Accordion.Control>
              <Accordion.Panel>
                <OptionFields
                  schema={schema}
                  value={config}
                  onChange={(next) => onChange({ options: { ...options, config: next } })}
                  hidden={["completions_per_prompt"]}
                />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        )}
      </Stack>
    </Card>
  );
}
