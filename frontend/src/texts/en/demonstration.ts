import type { Shortcut } from "../texts";

export const demonstration = {
  name: "Demonstration",
  title: "Write the answer",
  waiting: "Answers to write",
  shortcuts: [] as Shortcut[],
  briefs: {
    plain: {
      title: "Write a request of your own, and its answer",
      text: "Any task that somebody could ask for. Make it unlike what you wrote before.",
    },
    few_shot: {
      title: "Write an instruction, with several requests and answers",
      text: "The instruction holds for every request below it. Two requests at the least; each answer shows how it is done.",
    },
    use_case: { title: "Write a request for this use case, and its answer", text: "" },
  },
  turns: {
    system: { label: "Instruction", placeholder: "What every request below asks for." },
    user: { label: "The person asks", placeholder: "Write the request." },
    assistant: { label: "Your answer, in markdown", placeholder: "Write the answer that the assistant should give." },
  },
  yourAnswer: "Your answer",
  write: "Write",
  preview: "Preview",
  nothingWritten: "Nothing is written yet.",
  words: (number: number, written: string) => `${written} ${number === 1 ? "word" : "words"}`,
  anotherRequest: "Another request",
  goOn: "Go on with the conversation",
  removeLast: "Remove the last two",
  aboutPrompt: "About the prompt",
  useCase: "Use case",
  promptFlags: "Flags of the prompt",
  notesText: "Not part of the answer.",
  ready: "Ctrl + Enter submits",
  toWrite: "Write an answer to submit",
  toFill: "Fill in every turn to submit",
};
