import type { LabelingKind } from "../answer-props";
import { RankingTask } from "./ranking-task";

export const rankingKind: LabelingKind = {
  title: "Rank the completions",
  waiting: "Completions to rank",
  shortcuts: [
    ["Enter", "Next completion; on the order: submit"],
    ["Left / Right", "One completion back or on, while rating"],
    ["1 to 7", "While rating: the first rating of the completion"],
    ["Letter on a flag", "While rating: set or remove the flag"],
    ["Arrows or Tab", "In the order: go to another completion"],
    ["1 to 9", "In the order: give this rank; the same digit again makes a tie"],
    ["T or =", "Tie with the one above"],
    ["Shift + Up / Down", "Move it one rank up or down"],
    ["0 or Backspace", "Take its rank away"],
    ["S", "Place all by your ratings"],
    ["B", "Back to the ratings"],
    ["D", "What differs between two completions, word by word"],
    ["E", "Edit the completion into a better answer"],
  ],
  Task: RankingTask,
};
