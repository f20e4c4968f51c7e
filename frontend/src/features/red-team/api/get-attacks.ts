import { useInfiniteQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export interface AttackFilters {
  harm_category: string;
  attack_kind: string;
  success_level: string;
}

function listOf(key: string): string[] | undefined {
  return key ? [key] : undefined;
}

/** Conversations of the red team, page by page; the first page also brings all counts and what the keys mean. */
export function useAttacks(projectId: number, filters: AttackFilters) {
  const { harm_category, attack_kind, success_level } = filters;
  const wanted = { harm_category: listOf(harm_category), attack_kind: listOf(attack_kind), success_level: listOf(success_level) };
  return useInfiniteQuery({
    queryKey: ["projects", projectId, "attacks", filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/attacks", {
          params: { path: { project_id: projectId }, query: { ...wanted, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (previous) => previous, // a filter must not empty the page while it is looked up
  });
}
