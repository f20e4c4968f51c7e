import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useCheckpoints(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "checkpoints"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/checkpoints", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
