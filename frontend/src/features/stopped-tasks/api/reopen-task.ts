import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useReopenTask(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (taskId: number) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/stopped-tasks/{task_id}/reopen", {
          params: { path: { project_id: projectId, task_id: taskId } },
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "stopped-tasks"] }),
  });
}
