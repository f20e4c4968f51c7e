import { api, unwrap } from "@/lib/api-client";
import type { Snapshot } from "@/lib/models";
import { usePages } from "@/lib/queries/use-pages";

interface SnapshotFilters {
  kind?: Snapshot["kind"][];
  state?: Snapshot["state"][];
  search?: string;
}

export function useSnapshots(projectId: number, filters: SnapshotFilters = {}) {
  return usePages(["projects", projectId, "snapshots", filters], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/snapshots", {
        params: { path: { project_id: projectId }, query: { ...filters, cursor } },
        signal,
      }),
    ),
  );
}
