import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { RoundDraft } from "@/lib/models";

export function useCreateRound(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: RoundDraft) =>
      unwrap(api.POST("/api/v1/projects/{project_id}/rounds", { params: { path: { project_id: projectId } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "rounds"] }),
  });
}
