/** The list of projects. */
export const projects = {
  title: "Projects",
  text: "One campaign each: its guidelines, prompts, people and rounds.",
  create: "New project",
  none: "No project yet",
  noneText: "You are in no project. Make one, or ask a manager for an invitation.",
  noDescription: "No description.",
  archived: "archived",
  name: "Name",
  shortName: "Short name",
  shortNameText: "Small letters, digits and hyphens.",
  description: "Description",
  make: "Make project",
};
