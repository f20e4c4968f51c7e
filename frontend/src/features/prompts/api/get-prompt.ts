import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function usePrompt(projectId: number, promptId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "prompts", promptId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/prompts/{prompt_id}", {
          params: { path: { project_id: projectId, prompt_id: promptId } },
          signal,
        }),
      ),
  });
}
