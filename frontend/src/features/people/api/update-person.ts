import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { PersonChange } from "@/lib/models";

export function useUpdatePerson(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ userId, ...body }: PersonChange & { userId: number }) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project_id}/people/{user_id}", {
          params: { path: { project_id: projectId, user_id: userId } },
          body,
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "people"] }),
  });
}
