import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useSetPreferences(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (takesSensitive: boolean) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project_id}/labeling/preferences", {
          params: { path: { project_id: projectId } },
          body: { takes_sensitive: takesSensitive },
        }),
      ),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "labeling"] }),
  });
}
