import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { CheckpointDraft } from "@/lib/models";

export function useCreateCheckpoint(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: CheckpointDraft) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/checkpoints", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "checkpoints"] }),
  });
}
