import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useEvaluations(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "evaluations"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/evaluations", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
