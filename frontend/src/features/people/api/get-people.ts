import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function usePeople(projectId: number) {
  return usePages(["projects", projectId, "people"], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/people", {
        params: { path: { project_id: projectId }, query: { cursor } },
        signal,
      }),
    ),
  );
}
