import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Import } from "@/lib/models";

const POLL_MILLISECONDS = 1500;

export function isUnfinished({ state }: Import): boolean {
  return state === "queued" || state === "running";
}

/** The files imported so far; read again while one of them is at work. */
export function useImports(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "imports"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/imports", { params: { path: { project_id: projectId } }, signal })),
    refetchInterval: ({ state }) => (state.data?.results.some(isUnfinished) ? POLL_MILLISECONDS : false),
  });
}
