import {
  IconArrowsDiff,
  IconBook,
  IconBox,
  IconChartDots,
  IconChecklist,
  IconDatabase,
  IconFileImport,
  IconHandStop,
  IconMessageChatbot,
  IconMessages,
  IconPlayerPlay,
  IconRefresh,
  IconRosetteDiscountCheck,
  IconScale,
  IconSettings,
  IconShieldSearch,
  IconSparkles,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import type { RouteObject } from "react-router";

import type { Role } from "@/lib/models";
import type { Texts } from "@/texts/texts";

/** One entry of the menu of a project; `to` is relative to /projects/:projectId. */
export interface NavItem {
  page: keyof Texts["menu"]["pages"];
  to: string;
  icon: Icon;
  roles: Role[];
}

export const navItems: NavItem[] = [
  { page: "myFigures", to: "my-figures", icon: IconChartDots, roles: ["labeler"] },
  { page: "rounds", to: "rounds", icon: IconRefresh, roles: ["manager", "engineer"] },
  { page: "quality", to: "quality", icon: IconRosetteDiscountCheck, roles: ["manager", "engineer"] },
  { page: "prompts", to: "prompts", icon: IconMessages, roles: ["manager", "engineer"] },
  { page: "imports", to: "imports", icon: IconFileImport, roles: ["manager", "engineer"] },
  { page: "chats", to: "chats", icon: IconMessageChatbot, roles: ["manager"] },
  { page: "redTeam", to: "red-team", icon: IconShieldSearch, roles: ["manager", "engineer"] },
  { page: "people", to: "people", icon: IconUsers, roles: ["manager"] },
  { page: "guidelines", to: "guidelines", icon: IconBook, roles: ["manager"] },
  { page: "labelSchema", to: "label-schema", icon: IconChecklist, roles: ["manager"] },
  { page: "stoppedTasks", to: "stopped-tasks", icon: IconHandStop, roles: ["manager"] },
  { page: "settings", to: "settings", icon: IconSettings, roles: ["manager"] },
  { page: "runs", to: "runs", icon: IconPlayerPlay, roles: ["engineer"] },
  { page: "snapshots", to: "snapshots", icon: IconDatabase, roles: ["engineer"] },
  { page: "checkpoints", to: "checkpoints", icon: IconBox, roles: ["manager", "engineer"] },
  { page: "compare", to: "compare", icon: IconArrowsDiff, roles: ["manager", "engineer"] },
  { page: "sampling", to: "sampling", icon: IconSparkles, roles: ["engineer"] },
  { page: "evaluations", to: "evaluations", icon: IconScale, roles: ["manager", "engineer"] },
];

/** Below /projects: the list itself. */
export const projectRoutes: RouteObject[] = [
  {
    path: "projects",
    lazy: async () => ({ Component: (await import("./projects/components/projects-page")).ProjectsPage }),
  },
];

/** Below /projects/:projectId. */
export const managerRoutes: RouteObject[] = [
  {
    path: "chats",
    lazy: async () => ({ Component: (await import("./chats/components/chats-page")).ChatsPage }),
  },
  {
    path: "red-team",
    lazy: async () => ({ Component: (await import("./red-team/components/red-team-page")).RedTeamPage }),
  },
  {
    path: "stopped-tasks",
    lazy: async () => ({ Component: (await import("./stopped-tasks/components/stopped-tasks-page")).StoppedTasksPage }),
  },
  {
    path: "settings",
    lazy: async () => ({ Component: (await import("./projects/components/settings-page")).SettingsPage }),
  },
  {
    path: "guidelines",
    lazy: async () => ({ Component: (await import("./projects/components/guidelines-page")).GuidelinesPage }),
  },
  {
    path: "label-schema",
    lazy: async () => ({ Component: (await import("./projects/components/label-schema-page")).LabelSchemaPage }),
  },
  {
    path: "people",
    lazy: async () => ({ Component: (await import("./people/components/people-page")).PeoplePage }),
  },
  {
    path: "imports",
    lazy: async () => ({ Component: (await import("./imports/components/imports-page")).ImportsPage }),
  },
  {
    path: "prompts",
    lazy: async () => ({ Component: (await import("./prompts/components/prompts-page")).PromptsPage }),
  },
  {
    path: "prompts/:promptId",
    lazy: async () => ({ Component: (await import("./prompts/components/prompt-page")).PromptPage }),
  },
  {
    path: "rounds",
    lazy: async () => ({ Component: (await import("./rounds/components/rounds-page")).RoundsPage }),
  },
  {
    path: "rounds/new",
    lazy: async () => ({ Component: (await import("./rounds/components/new-round-page")).NewRoundPage }),
  },
  {
    path: "rounds/:number",
    lazy: async () => ({ Component: (await import("./rounds/components/round-page")).RoundPage }),
  },
];

/** Below /projects/:projectId. */
export const engineerRoutes: RouteObject[] = [
  {
    path: "runs",
    lazy: async () => ({ Component: (await import("./runs/components/runs-page")).RunsPage }),
  },
  {
    path: "runs/new",
    lazy: async () => ({ Component: (await import("./runs/components/new-run-page")).NewRunPage }),
  },
  {
    path: "runs/:runId",
    lazy: async () => ({ Component: (await import("./runs/components/run-page")).RunPage }),
  },
  {
    path: "snapshots",
    lazy: async () => ({ Component: (await import("./runs/components/snapshots-page")).SnapshotsPage }),
  },
  {
    path: "checkpoints",
    lazy: async () => ({ Component: (await import("./checkpoints/components/checkpoints-page")).CheckpointsPage }),
  },
  {
    path: "checkpoints/:checkpointId",
    lazy: async () => ({ Component: (await import("./checkpoints/components/checkpoint-page")).CheckpointPage }),
  },
  {
    path: "compare",
    lazy: async () => ({ Component: (await import("./compare/components/compare-page")).ComparePage }),
  },
  {
    path: "sampling",
    lazy: async () => ({ Component: (await import("./sampling/components/sampling-page")).SamplingPage }),
  },
  {
    path: "evaluations",
    lazy: async () => ({ Component: (await import("./compare/components/evaluations-page")).EvaluationsPage }),
  },
];

/** Below /projects/:projectId. */
export const qualityRoutes: RouteObject[] = [
  {
    path: "quality",
    lazy: async () => ({ Component: (await import("./quality/components/quality-page")).QualityPage }),
  },
];

/** A labeler's own, below /projects/:projectId. */
export const figuresRoutes: RouteObject[] = [
  {
    path: "my-figures",
    lazy: async () => ({ Component: (await import("./quality/components/my-figures-page")).MyFiguresPage }),
  },
];
