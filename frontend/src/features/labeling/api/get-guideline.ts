import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

/** The guidelines of a task: the version it was made with, or the newest where that is not given. */
export function useGuideline(projectId: number, number?: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, signal })),
    select: ({ results }) => {
      const newestFirst = [...results].sort((a, b) => b.number - a.number);
      return newestFirst.find((version) => version.number === number) ?? newestFirst[0] ?? null;
    },
  });
}
