import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useCorpora(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "corpora"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/corpora", { params: { path: { project_id: projectId } }, signal })),
  });
}
