import { api, unwrap } from "@/lib/api-client";

export function acknowledgeGuideline(projectId: number, number: number) {
  return unwrap(
    api.POST("/api/v1/projects/{project_id}/guidelines/{number}/acknowledge", {
      params: { path: { project_id: projectId, number } },
    }),
  );
}
