import type { Shortcut } from "../texts";

export const pairwise = {
  name: "Pairwise",
  title: "Which one is better?",
  waiting: "Pairs to compare",
  shortcuts: [
    ["1 to 8 (or 9)", "Choose on the scale, from A on the left to B on the right"],
    ["Left / Right", "Move the choice by one"],
    ["X", "Both are bad"],
    ["Enter", "Submit"],
    ["D", "What differs between two completions, word by word"],
    ["E", "Edit the completion into a better answer"],
  ] as Shortcut[],
  levels: {
    four_levels: ["negligibly better", "slightly better", "better", "much better"],
    nine_points: ["neither is better", "barely better", "slightly better", "better", "much better"],
  },
  verdict: (letter: string, level: string) => `${letter} is ${level}`,
  neither: "Neither is better",
  question: "Which completion is better?",
  yourChoice: "Your choice",
  nothingChosen: "Nothing is chosen yet.",
  bothBad: "Both are bad",
  more: (letter: string) => `Ratings and flags of ${letter}`,
};
