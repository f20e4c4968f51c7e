import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { SnapshotDraft } from "@/lib/models";

export function useCreateSnapshot(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: SnapshotDraft) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/snapshots", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "snapshots"] }),
  });
}
