import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function usePeople(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "people"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/people", { params: { path: { project_id: projectId } }, signal })),
  });
}
