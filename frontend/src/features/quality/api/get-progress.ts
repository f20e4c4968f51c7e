import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useProgress(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "progress"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/progress", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
