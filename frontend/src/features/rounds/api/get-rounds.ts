import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRounds(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "rounds"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/rounds", { params: { path: { project_id: projectId } }, signal })),
  });
}
