import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { StageAct } from "@/lib/models";

export function useActOnStage(projectId: number, number: number, position: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: StageAct) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/rounds/{number}/stages/{position}/act", {
          params: { path: { project_id: projectId, number, position } },
          body,
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "rounds"] }),
  });
}
