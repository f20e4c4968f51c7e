import { api, unwrap } from "@/lib/api-client";

/** The task held already, or the next one; with `afterPlace`, the one that follows the task on the screen. */
export function claimTask(projectId: number, afterPlace: number | null = null) {
  return unwrap(
    api.POST("/api/v1/projects/{project_id}/labeling/claim", {
      params: { path: { project_id: projectId } },
      body: { after_place: afterPlace },
    }),
  );
}
