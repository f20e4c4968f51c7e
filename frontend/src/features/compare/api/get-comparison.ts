import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useComparison(projectId: number, filters: { a: number; b: number }) {
  return useInfiniteQuery({
    queryKey: ["projects", projectId, "compare", "list", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/compare", {
          params: { path: { project_id: projectId }, query: { ...filters, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}
