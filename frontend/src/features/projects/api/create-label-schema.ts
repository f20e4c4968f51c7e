import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { LabelSchema } from "@/lib/models";

export function useCreateLabelSchema(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { schema: LabelSchema }) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/label-schemas", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "label-schemas"] }),
  });
}
