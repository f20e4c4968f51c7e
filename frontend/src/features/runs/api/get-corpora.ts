import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useCorpora(projectId: number, search: string) {
  return usePages(["projects", projectId, "corpora", search], (cursor, signal) =>
    unwrap(
      api.GET("/api/v1/projects/{project_id}/corpora", {
        params: { path: { project_id: projectId }, query: { cursor, ...(search && { search }) } },
        signal,
      }),
    ),
  );
}
