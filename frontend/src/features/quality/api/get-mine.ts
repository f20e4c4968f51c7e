import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useMyQuality(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "mine"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/mine", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
