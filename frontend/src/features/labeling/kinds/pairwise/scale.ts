import type { PairwiseScale } from "@/lib/models";
import type { Texts } from "@/texts/texts";

import type { Ranks } from "../ranking/ranks";

/** One step of the scale, from "A is much better" on the left to "B is much better" on the right. */
export interface ScaleStep {
  preferred: "A" | "B" | null;
  strength: number;
  text: string;
}

/** Four levels are eight steps, for one must be chosen; nine points have a middle. */
export function stepsOf(scale: PairwiseScale, { levels: named, verdict, neither }: Texts["kinds"]["pairwise"]): ScaleStep[] {
  const levels = named[scale];
  const side = (preferred: "A" | "B") =>
    levels.flatMap((level, strength) =>
      scale === "nine_points" && strength === 0 ? [] : [{ preferred, strength, text: verdict(preferred, level) }],
    );
  const middle = scale === "nine_points" ? [{ preferred: null, strength: 0, text: neither }] : [];
  return [...side("A").reverse(), ...middle, ...side("B")];
}

/** The ranks that a step gives to the two completions in the order shown. */
export function ranksOfStep({ preferred }: ScaleStep, [a, b]: readonly [number, number]): Ranks {
  return { [a]: preferred === "B" ? 2 : 1, [b]: preferred === "A" ? 2 : 1 };
}

/** Which step a draft stands on; null when nothing is chosen yet. */
export function stepAt(steps: ScaleStep[], ranks: Ranks, strength: number, [a, b]: readonly [number, number]): number | null {
  const [rankA, rankB] = [ranks[a], ranks[b]];
  if (rankA === undefined || rankB === undefined) return null;
  const preferred = rankA === rankB ? null : rankA < rankB ? "A" : "B";
  const index = steps.findIndex((step) => step.preferred === preferred && step.strength === strength);
  return index < 0 ? null : index;
}

/** One step to the left (-1) or right (+1); from the middle when nothing is chosen yet. */
export function stepMove(chosen: number | null, by: -1 | 1, numSteps: number): number {
  const middle = (numSteps - 1) / 2;
  const next = chosen === null ? (by < 0 ? Math.ceil(middle) - 1 : Math.floor(middle) + 1) : chosen + by;
  return Math.min(Math.max(next, 0), numSteps - 1);
}
