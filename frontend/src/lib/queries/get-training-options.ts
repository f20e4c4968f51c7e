import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { TrainingOptions } from "@/lib/models";

export function useTrainingOptions(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "training-options"],
    queryFn: ({ signal }) =>
      unwrap<TrainingOptions>(api.GET("/api/v1/projects/{project_id}/training/options", { params: { path: { project_id: projectId } }, signal })),
  });
}
