import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { LabelSchemaVersion, Page } from "@/lib/models";

export function useLabelSchemas(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "label-schemas"],
    queryFn: ({ signal }) =>
      unwrap<Page<LabelSchemaVersion>>(api.GET("/api/v1/projects/{project_id}/label-schemas", { params: { path: { project_id: projectId } }, signal })),
  });
}
