import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useEvaluations(projectId: number) {
  return usePages(["projects", projectId, "evaluations"], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/evaluations", {
        params: { path: { project_id: projectId }, query: { cursor } },
        signal,
      }),
    ),
  );
}
