import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useSnapshots(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "snapshots"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/snapshots", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
