import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useCheckpoint(checkpointId: number, enabled = true) {
  return useQuery({
    queryKey: ["checkpoints", checkpointId],
    enabled,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/checkpoints/{checkpoint_id}", { params: { path: { checkpoint_id: checkpointId } }, signal }),
      ),
  });
}
