/** What a figure of a run is called on its curve, with its unit; the order is the order on the page. */
const CURVE_TITLES: Record<string, string> = {
  loss: "Loss",
  accuracy: "Accuracy on pairs",
  reward: "Reward (score - KL penalty)",
  score: "Reward model's score",
  score_spread: "Spread of the reward models' scores",
  proxy_score: "Reward model's score, fixed prompts",
  heldout_score: "Held-out reward model's score, fixed prompts",
  sqrt_kl: "Square root of the KL, fixed prompts",
  kl: "KL to the reference (nats per completion)",
  k3: "KL to the reference, k3 estimate",
  length: "Completion length (tokens)",
  eos_share: "Share of completions that end",
  entropy: "Entropy (nats per token)",
  clip_fraction: "Clip fraction",
  ratio: "Probability ratio",
  explained_variance: "Explained variance of the values",
  policy_loss: "Policy loss",
  value_loss: "Value loss",
  sampler_gap: "Sampler-trainer gap (nats per token)",
  policy_gradient_norm: "Gradient norm, policy",
  value_gradient_norm: "Gradient norm, value model",
  gradient_norm: "Gradient norm",
  learning_rate: "Learning rate",
  tokens_per_second: "Tokens per second",
};

const ORDER = Object.keys(CURVE_TITLES);

export function curveTitle(name: string): string | undefined {
  return CURVE_TITLES[name];
}

/** Sorts figures as in the table, unknown ones last and by name. */
export function compareCurves(a: string, b: string): number {
  const [left, right] = [ORDER.indexOf(a), ORDER.indexOf(b)];
  if (left >= 0 && right >= 0) return left - right;
  if (left < 0 && right < 0) return a.localeCompare(b);
  return left < 0 ? 1 : -1;
}
