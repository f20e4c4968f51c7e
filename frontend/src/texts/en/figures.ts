/** A labeler's own figures. */
export const figures = {
  title: "My figures",
  text: "What you did and how far others agree with it. Only you and the managers see this.",
  days: "Answers a day",
  daysText: "Of the last 30 days.",
  daysLabel: "Answers of each day",
  noDays: "No answer in the last 30 days.",
  seconds: "Time for an answer",
  secondsText: "Middle half as a box, four fifths as a line.",
  secondsLabel: (half: string, most: string) => `Half take up to ${half}, nine in ten up to ${most}`,
  noSeconds: "No timed answer yet.",
  agreement: "Agreement",
  agreementText: "On prompts that somebody else ranked too; lines are 95 % intervals.",
  noAgreement: "Nobody else has ranked a prompt of yours yet.",
  withOthers: "With others",
  adjusted: "On prompts of average difficulty",
  withoutTies: "Where nobody tied",
  withResearchers: "With researchers",
  withYourself: "With yourself",
  nothingToCompare: "nothing to compare",
  basis: (rankings: string) =>
    `From ${rankings} rankings. People disagree on open questions: two careful labelers agree on about three pairs of four, and the dashed line is chance.`,
};
