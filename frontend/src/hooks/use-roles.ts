import { useSession } from "@/lib/queries/get-session";

/** What the signed-in person may do in this project. A superuser may do everything. */
export function useRoles(projectId: number) {
  const { data } = useSession();
  const roles = data?.projects.find(({ id }) => id === projectId)?.roles ?? [];
  const isSuperuser = data?.user?.is_superuser ?? false;
  return {
    isLabeler: roles.includes("labeler"),
    isManager: isSuperuser || roles.includes("manager"),
    isEngineer: isSuperuser || roles.includes("engineer"),
  };
}
