import { useMutation } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { SampleRequest } from "@/lib/models";

export function useSampleCheckpoint() {
  return useMutation({
    mutationFn: ({ checkpointId, ...body }: SampleRequest & { checkpointId: number }) =>
      unwrap(
        api.POST("/api/v1/checkpoints/{checkpoint_id}/sample", {
          params: { path: { checkpoint_id: checkpointId } },
          body,
        }),
      ),
  });
}
