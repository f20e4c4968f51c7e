import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRedactPrompt(projectId: number, promptId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { reason: string }) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/prompts/{prompt_id}/redact", {
          params: { path: { project_id: projectId, prompt_id: promptId } },
          body,
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "prompts"] }),
  });
}
