import type { LabelingKind } from "../answer-props";
import { PairwiseTask } from "./pairwise-task";

export const pairwiseKind: LabelingKind = {
  title: "Which one is better?",
  waiting: "Pairs to compare",
  shortcuts: [
    ["1 to 8 (or 9)", "Choose on the scale, from A on the left to B on the right"],
    ["Left / Right", "Move the choice by one"],
    ["X", "Both are bad"],
    ["Enter", "Submit"],
    ["D", "What differs between two completions, word by word"],
    ["E", "Edit the completion into a better answer"],
  ],
  Task: PairwiseTask,
};
