import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useRuns(projectId: number) {
  return useInfiniteQuery({
    queryKey: ["projects", projectId, "runs", "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/runs", {
          params: { path: { project_id: projectId }, query: { cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}
