import { api, unwrap } from "@/lib/api-client";
import { usePages } from "@/lib/queries/use-pages";

export function useChatBatches(projectId: number) {
  return usePages(["projects", projectId, "chats"], (cursor, signal) =>
    unwrap(api.GET("/api/v1/projects/{project_id}/chats", { params: { path: { project_id: projectId }, query: { cursor } }, signal })),
  );
}
