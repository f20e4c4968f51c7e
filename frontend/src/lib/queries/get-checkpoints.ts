import { api, unwrap } from "@/lib/api-client";
import type { CheckpointRole } from "@/lib/models";

import { usePages } from "./use-pages";

export function useCheckpoints(projectId: number, filters: { role?: CheckpointRole[]; search?: string } = {}) {
  return usePages(["projects", projectId, "checkpoints", filters], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/checkpoints", {
        params: { path: { project_id: projectId }, query: { ...filters, cursor } },
        signal,
      }),
    ),
  );
}
