import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useRounds(projectId: number) {
  return usePages(["projects", projectId, "rounds"], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/rounds", {
        params: { path: { project_id: projectId }, query: { cursor } },
        signal,
      }),
    ),
  );
}
