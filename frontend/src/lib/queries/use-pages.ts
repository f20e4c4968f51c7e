import { useInfiniteQuery, type QueryKey } from "@tanstack/react-query";

import type { Page } from "@/lib/models";

interface PagesOptions<T> {
  refetchInterval?: (rows: T[]) => number | false;
  enabled?: boolean;
}

/** A long list, page by page, read as one: its rows so far, newest first, and how many there are in all. */
export function usePages<T>(
  queryKey: QueryKey,
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
  { refetchInterval, enabled = true }: PagesOptions<T> = {},
) {
  return useInfiniteQuery({
    queryKey: [...queryKey, "pages"],
    enabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    getNextPageParam: (page) => page.next ?? undefined,
    select: ({ pages }) => ({ results: pages.flatMap(({ results }) => results), count: pages[0]?.count ?? 0 }),
    refetchInterval:
      refetchInterval && (({ state }) => refetchInterval(state.data?.pages.flatMap(({ results }) => results) ?? [])),
  });
}
