import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function usePublishCheckpoint(checkpointId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/checkpoints/{checkpoint_id}/publish", { params: { path: { checkpoint_id: checkpointId } } }),
      ),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: ["checkpoints"] }),
        queryClient.invalidateQueries({ queryKey: ["projects"] }),
      ]),
  });
}
