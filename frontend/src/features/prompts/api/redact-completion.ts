import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRedactCompletion(projectId: number, completionId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { reason: string }) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/completions/{completion_id}/redact", {
          params: { path: { project_id: projectId, completion_id: completionId } },
          body,
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "prompts"] }),
  });
}
