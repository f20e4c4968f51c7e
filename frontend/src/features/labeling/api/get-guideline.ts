import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

/** The guidelines of a task: the version it was made with, or the newest where that is not given. */
export function useGuideline(projectId: number, number?: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines", number ?? "newest"],
    queryFn: ({ signal }) => {
      const params = { path: { project_id: projectId }, query: number === undefined ? {} : { number } };
      return unwrap(api.GET("/api/v1/projects/{project_id}/guidelines", { params, signal }));
    },
    select: ({ results }) => results[0] ?? null,
  });
}

/** Every version, newest first, as the server has them now. */
export function useGuidelines(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "guidelines"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/guidelines", { params: { path: { project_id: projectId } }, signal })),
    staleTime: 0,
    select: ({ results }) => [...results].sort((a, b) => b.number - a.number),
  });
}
