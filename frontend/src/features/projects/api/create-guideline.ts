import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useCreateGuideline(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { text: string }) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "guidelines"] }),
  });
}
