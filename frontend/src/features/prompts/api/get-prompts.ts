import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Split } from "@/lib/models";

export function usePrompts(projectId: number, filters: { split?: Split[]; search?: string }) {
  return useInfiniteQuery({
    queryKey: ["projects", projectId, "prompts", "list", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/prompts", {
          params: { path: { project_id: projectId }, query: { ...filters, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}
