import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useStoppedTasks(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "stopped-tasks"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/stopped-tasks", { params: { path: { project_id: projectId } }, signal })),
  });
}
