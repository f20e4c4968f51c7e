import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useDefaultRecipe(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "default-recipe"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/rounds/default-recipe", {
          params: { path: { project_id: projectId } },
          signal,
        }),
      ),
  });
}
