import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRound(projectId: number, number: number) {
  return useQuery({
    queryKey: ["projects", projectId, "rounds", number],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/rounds/{number}", {
          params: { path: { project_id: projectId, number } },
          signal,
        }),
      ),
  });
}
