import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRoundEvaluations(projectId: number, round: number) {
  return useQuery({
    queryKey: ["projects", projectId, "evaluations", round],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/evaluations", {
          params: { path: { project_id: projectId }, query: { round } },
          signal,
        }),
      ),
  });
}
