import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { GuidelineVersion, Page } from "@/lib/models";

/** The guidelines of a task: the version it was made with, or the newest where that is not given. */
export function useGuideline(projectId: number, number?: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, signal }),
      ),
    select: ({ results }) =>
      results.find((version) => version.number === number) ??
      results.reduce<GuidelineVersion | null>((newest, version) => (newest && newest.number > version.number ? newest : version), null),
  });
}
