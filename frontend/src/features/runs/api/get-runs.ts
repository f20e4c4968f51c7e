import { api, unwrap } from "@/lib/api-client";
import type { RunKind, RunState } from "@/lib/models";
import { usePages } from "@/lib/queries/use-pages";

interface RunFilters {
  kind?: RunKind[];
  state?: RunState[];
  search?: string;
}

export function useRuns(projectId: number, filters: RunFilters) {
  return usePages(["projects", projectId, "runs", "list", filters], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/runs", {
        params: { path: { project_id: projectId }, query: { ...filters, cursor } },
        signal,
      }),
    ),
  );
}
