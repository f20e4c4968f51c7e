import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

const REFRESH_MS = 15_000;

export function useLabelingSummary(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "labeling"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/labeling/summary", { params: { path: { project_id: projectId } }, signal }),
      ),
    refetchInterval: REFRESH_MS,
  });
}
