import {
  IconArrowsSort,
  IconBrain,
  IconGavel,
  IconMessagePlus,
  IconPencil,
  IconScale,
  IconSchool,
  IconTrophy,
  type Icon,
} from "@tabler/icons-react";

import type { RunKind, StageAction, StageKind } from "@/lib/models";

interface StageText {
  title: string;
  text: string;
  icon: Icon;
  trainer?: RunKind;
}

export const STAGE_TEXTS: Record<StageKind, StageText> = {
  demonstrate: { title: "Demonstrate", text: "Labelers write good answers to prompts.", icon: IconPencil },
  sft: { title: "Fine-tune", text: "The base model learns from the demonstrations.", icon: IconSchool, trainer: "sft" },
  sample: {
    title: "Sample",
    text: "The fine-tuned policy writes completions for prompts.",
    icon: IconMessagePlus,
    trainer: "sample",
  },
  rank: { title: "Rank", text: "Labelers order the completions of each prompt.", icon: IconArrowsSort },
  reward: {
    title: "Reward model",
    text: "A model learns to score as labelers rank.",
    icon: IconTrophy,
    trainer: "reward",
  },
  ppo: { title: "Reinforce", text: "PPO trains the policy against the reward model.", icon: IconBrain, trainer: "ppo" },
  evaluate: {
    title: "Evaluate",
    text: "Labelers compare the new policy with the old ones, blind.",
    icon: IconScale,
    trainer: "sample",
  },
  approve: { title: "Approve", text: "A person decides whether the new policy is published.", icon: IconGavel },
};

interface ActionText {
  label: string;
  question?: string;
  color?: string;
}

export const ACTION_TEXTS: Record<StageAction, ActionText> = {
  start: { label: "Start now" },
  close: {
    label: "Close",
    question: "Places that nobody has filled will be closed; answers already given stay. The round then moves on.",
  },
  skip: { label: "Skip", question: "The round goes on without this stage.", color: "gray" },
  retry: { label: "Try again" },
  approve: {
    label: "Approve and publish",
    question: "The new policy becomes the published one: it writes the completions of the next round.",
    color: "teal",
  },
  reject: { label: "Reject", question: "The round ends and nothing is published.", color: "red" },
};
