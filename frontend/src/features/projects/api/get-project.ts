import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useProject(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "detail"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}", { params: { path: { project_id: projectId } }, signal })),
  });
}
