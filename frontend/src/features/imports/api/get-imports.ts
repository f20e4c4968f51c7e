import { api, unwrap } from "@/lib/api-client";
import type { Import } from "@/lib/models";
import { usePages } from "@/lib/queries/use-pages";

const POLL_MILLISECONDS = 1500;

export function isUnfinished({ state }: Import): boolean {
  return state === "queued" || state === "running";
}

/** The files imported so far; read again while one of them is at work. */
export function useImports(projectId: number) {
  return usePages(
    ["projects", projectId, "imports"],
    (cursor, signal) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/imports", {
          params: { path: { project_id: projectId }, query: { cursor } },
          signal,
        }),
      ),
    { refetchInterval: (imports) => (imports.some(isUnfinished) ? POLL_MILLISECONDS : false) },
  );
}
