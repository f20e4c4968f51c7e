import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useWinRates(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "quality", "win-rates"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/quality/win-rates", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
