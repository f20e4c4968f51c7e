import { IconPencilCheck } from "@tabler/icons-react";

import { navItems, type NavItem } from "@/features/routes";
import { useRoles } from "@/hooks/use-roles";
import type { Role } from "@/lib/models";

const labelerItem: NavItem = { page: "labeling", to: "labeling", icon: IconPencilCheck, roles: ["labeler"] };

/** The pages of a project that this person's roles open, in the order of the menu; none outside of a project. */
export function useProjectMenu(projectId: number): NavItem[] {
  const { isLabeler, isManager, isEngineer } = useRoles(projectId);
  if (Number.isNaN(projectId)) return [];
  const mine: Record<Role, boolean> = { labeler: isLabeler, manager: isManager, engineer: isEngineer };
  return [labelerItem, ...navItems].filter(({ roles }) => roles.some((role) => mine[role]));
}
