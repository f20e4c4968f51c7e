import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { TaskNeeds } from "@/lib/task-models";

export function useReopenTask(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ taskId, ...body }: { taskId: number } & TaskNeeds) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/stopped-tasks/{task_id}/reopen", {
          params: { path: { project_id: projectId, task_id: taskId } },
          body,
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "stopped-tasks"] }),
  });
}
