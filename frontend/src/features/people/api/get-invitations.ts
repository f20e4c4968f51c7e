import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useInvitations(projectId: number) {
  return usePages(["projects", projectId, "invitations"], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/invitations", {
        params: { path: { project_id: projectId }, query: { cursor } },
        signal,
      }),
    ),
  );
}
