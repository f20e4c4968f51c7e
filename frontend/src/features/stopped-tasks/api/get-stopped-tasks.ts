import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useStoppedTasks(projectId: number) {
  return usePages(["projects", projectId, "stopped-tasks"], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/stopped-tasks", { params: { path: { project_id: projectId }, query: { cursor } }, signal }),
    ),
  );
}
