import {
  IconArrowsDiff,
  IconBook,
  IconBox,
  IconChartDots,
  IconChecklist,
  IconDatabase,
  IconFileImport,
  IconHandStop,
  IconMessages,
  IconPlayerPlay,
  IconRefresh,
  IconRosetteDiscountCheck,
  IconScale,
  IconSettings,
  IconSparkles,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import type { RouteObject } from "react-router";

import type { Role } from "@/lib/models";

/** One entry of the menu of a project; `to` is relative to /projects/:projectId. */
export interface NavItem {
  label: string;
  to: string;
  icon: Icon;
  roles: Role[];
}

export const navItems: NavItem[] = [
  { label: "My figures", to: "my-figures", icon: IconChartDots, roles: ["labeler"] },
  { label: "Rounds", to: "rounds", icon: IconRefresh, roles: ["manager", "engineer"] },
  { label: "Quality", to: "quality", icon: IconRosetteDiscountCheck, roles: ["manager", "engineer"] },
  { label: "Prompts", to: "prompts", icon: IconMessages, roles: ["manager", "engineer"] },
  { label: "Imports", to: "imports", icon: IconFileImport, roles: ["manager", "engineer"] },
  { label: "People", to: "people", icon: IconUsers, roles: ["manager"] },
  { label: "Guidelines", to: "guidelines", icon: IconBook, roles: ["manager"] },
  { label: "Label schema", to: "label-schema", icon: IconChecklist, roles: ["manager"] },
  { label: "Stopped tasks", to: "stopped-tasks", icon: IconHandStop, roles: ["manager"] },
  { label: "Settings", to: "settings", icon: IconSettings, roles: ["manager"] },
  { label: "Runs", to: "runs", icon: IconPlayerPlay, roles: ["engineer"] },
  { label: "Snapshots", to: "snapshots", icon: IconDatabase, roles: ["engineer"] },
  { label: "Checkpoints", to: "checkpoints", icon: IconBox, roles: ["manager", "engineer"] },
  { label: "Compare", to: "compare", icon: IconArrowsDiff, roles: ["manager", "engineer"] },
  { label: "Sampling box", to: "sampling", icon: IconSparkles, roles: ["engineer"] },
  { label: "Evaluations", to: "evaluations", icon: IconScale, roles: ["manager", "engineer"] },
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
  {
    path: "my-figures",
    lazy: async () => ({ Component: (await import("./quality/components/my-figures-page")).MyFiguresPage }),
  },
];
