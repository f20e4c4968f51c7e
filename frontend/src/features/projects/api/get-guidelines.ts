import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useGuidelines(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
