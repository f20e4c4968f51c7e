import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { TrainingRun } from "@/lib/models";

export function useRun(runId: number) {
  return useQuery({
    queryKey: ["runs", runId, "detail"],
    queryFn: ({ signal }) =>
      unwrap<TrainingRun>(api.GET("/api/v1/runs/{run_id}", { params: { path: { run_id: runId } }, signal })),
  });
}
