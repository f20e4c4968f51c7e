import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useCloseChats(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (batchId: number) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/chats/{batch_id}/close", {
          params: { path: { project_id: projectId, batch_id: batchId } },
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "chats"] }),
  });
}
