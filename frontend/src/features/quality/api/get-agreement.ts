import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

/** Of one round, or of all rounds where `round` is null. */
export function useAgreement(projectId: number, round: number | null) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "agreement", round],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/agreement", {
          params: { path: { project_id: projectId }, query: round === null ? {} : { round } },
          signal,
        }),
      ),
  });
}
