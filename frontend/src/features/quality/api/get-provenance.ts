import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useProvenance(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "provenance"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/provenance", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
