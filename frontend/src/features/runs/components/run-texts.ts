import type { CheckpointRole, RunKind, Snapshot } from "@/lib/models";

interface InputText {
  role: string;
  label: string;
  accepts: "checkpoint" | "snapshot" | "corpus";
  checkpointRoles?: CheckpointRole[];
  snapshotKinds?: Snapshot["kind"][];
  isOptional?: boolean;
}

interface RunText {
  title: string;
  text: string;
  inputs: InputText[];
}

const POLICIES: CheckpointRole[] = ["policy", "base"];

export const RUN_TEXTS: Record<RunKind, RunText> = {
  tokenizer: {
    title: "Tokenizer",
    text: "Byte-level BPE trained on a corpus.",
    inputs: [{ role: "texts", label: "Corpus", accepts: "corpus" }],
  },
  pretrain: {
    title: "Pretraining",
    text: "A small base model from plain text, its tokenizer first.",
    inputs: [{ role: "texts", label: "Corpus", accepts: "corpus" }],
  },
  sft: {
    title: "Supervised fine-tuning",
    text: "A base model learns from demonstrations.",
    inputs: [
      { role: "base", label: "Base checkpoint", accepts: "checkpoint", checkpointRoles: ["base", "policy"] },
      { role: "demonstrations", label: "Demonstrations", accepts: "snapshot", snapshotKinds: ["demonstrations"] },
    ],
  },
  reward: {
    title: "Reward model",
    text: "Starts from the fine-tuned policy and learns to score as labelers rank.",
    inputs: [
      { role: "base", label: "Fine-tuned policy", accepts: "checkpoint", checkpointRoles: POLICIES },
      { role: "rankings", label: "Rankings", accepts: "snapshot", snapshotKinds: ["rankings"] },
      {
        role: "demonstrations",
        label: "Demonstrations, whose mean score becomes 0",
        accepts: "snapshot",
        snapshotKinds: ["demonstrations"],
        isOptional: true,
      },
    ],
  },
  ppo: {
    title: "PPO",
    text: "The policy learns from the reward model, held near where it started.",
    inputs: [
      { role: "policy", label: "Policy", accepts: "checkpoint", checkpointRoles: POLICIES },
      { role: "reward", label: "Reward model", accepts: "checkpoint", checkpointRoles: ["reward"] },
      { role: "prompts", label: "Prompts", accepts: "snapshot", snapshotKinds: ["prompts"] },
      { role: "texts", label: "Corpus for the pretraining mix", accepts: "corpus", isOptional: true },
    ],
  },
  sample: {
    title: "Sampling",
    text: "Completions for a set of prompts.",
    inputs: [
      { role: "policy", label: "Policy", accepts: "checkpoint", checkpointRoles: POLICIES },
      { role: "prompts", label: "Prompts", accepts: "snapshot", snapshotKinds: ["prompts"] },
    ],
  },
};

export type { InputText };
