/** What is recorded of how an answer is written, and what the labeler says about AI. */
export const notice = {
  open: "What is recorded",
  title: "What is recorded while you write, and why",
  why: "Models learn to write like you, so the project must know how the words came about. With each answer the page sends:",
  recorded: [
    "how long you worked on it and for how long of that you typed,",
    "which share of the characters was pasted,",
    "how often you deleted or replaced something,",
    "and, where the project asks, what you say about help from AI.",
  ],
  never: "What you type, delete or paste is not recorded key by key: only your draft is kept, until you submit, and then the answer. Nothing outside the task is looked at.",
  who: "You and those who run the project see the figures, and they are exported with the answer. Pasting is allowed: nothing happens by itself because of a figure.",
  asksAi: "This project asks after each answer whether AI helped. Say what is true; each of the three is accepted.",
  read: "I have read it",

  aiTitle: "Did AI help with this answer?",
  aiText: "Each of these is accepted.",
  aiChoices: {
    none: "No",
    help: "Yes, for ideas, facts or spelling; the words are mine",
    text: "Yes, some of the words are an AI's",
  },

  mine: "How your answers were made",
  mineText: "What is recorded while you write, over your answers with text.",
  mineNone: "Nothing is recorded yet.",
  typing: "Typed, in the middle",
  pasted: "Pasted, on average",
  edits: "Deleted or replaced, in the middle",
  times: (number: string) => `${number} times`,
  declared: "You said of AI",
  declaredText: (none: string, help: string, text: string) => `${none} without, ${help} for help, ${text} with its words`,
};
