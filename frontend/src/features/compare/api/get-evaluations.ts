import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Evaluation, Page } from "@/lib/models";

export function useEvaluations(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "evaluations"],
    queryFn: ({ signal }) =>
      unwrap<Page<Evaluation>>(api.GET("/api/v1/projects/{project_id}/evaluations", { params: { path: { project_id: projectId } }, signal })),
  });
}
