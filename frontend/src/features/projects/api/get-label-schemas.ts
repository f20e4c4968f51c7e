import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useLabelSchemas(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "label-schemas"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/label-schemas", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
