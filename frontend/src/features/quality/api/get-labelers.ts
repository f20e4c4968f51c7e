import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useLabelers(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "labelers"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/labelers", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
