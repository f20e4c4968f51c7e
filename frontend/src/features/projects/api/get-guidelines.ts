import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { GuidelineVersion, Page } from "@/lib/models";

export function useGuidelines(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines"],
    queryFn: ({ signal }) =>
      unwrap<Page<GuidelineVersion>>(api.GET("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, signal })),
  });
}
