import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Page, Snapshot } from "@/lib/models";

export function useSnapshots(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "snapshots"],
    queryFn: ({ signal }) =>
      unwrap<Page<Snapshot>>(api.GET("/api/v1/projects/{project_id}/snapshots", { params: { path: { project_id: projectId } }, signal })),
  });
}
