import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { ChatBatchDraft } from "@/lib/models";

export function useOpenChats(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: ChatBatchDraft) =>
      unwrap(api.POST("/api/v1/projects/{project_id}/chats", { params: { path: { project_id: projectId } }, body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "chats"] }),
  });
}
