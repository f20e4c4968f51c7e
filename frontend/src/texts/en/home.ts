/** A labeler's first page. */
export const home = {
  title: "Label",
  text: "Write answers and judge what the model wrote. You always get the next task that needs you.",
  waiting: (number: number, written: string) => `${written} ${number === 1 ? "task waits" : "tasks wait"} for you`,
  saved: "What you write is saved as you go; you can stop at any time.",
  start: "Start",
  noneText: "New tasks come when the round moves on. This page looks again by itself.",
  look: "Look for a task",
  mineToday: "Yours in 24 hours",
  mineTotal: "Yours in all",
  sensitive: "Give me tasks that others would rather not read",
  sensitiveText: "Your choice, at any time; it costs you nothing. You can skip any task as well.",
  waitingFor: (number: number, language: string, expertise: string) => {
    const asked = [language && `read ${language}`, expertise && `know ${expertise}`].filter(Boolean).join(" and ");
    return number === 1 ? `1 task waits for people who ${asked}` : `${number} tasks wait for people who ${asked}`;
  },
  askManager: "If that is you, ask a manager to add it under People.",
};
