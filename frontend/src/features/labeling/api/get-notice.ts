import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function noticeKey(projectId: number) {
  return ["projects", projectId, "labeling-notice"];
}

export function useNotice(projectId: number) {
  return useQuery({
    queryKey: noticeKey(projectId),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/labeling/notice", { params: { path: { project_id: projectId } }, signal })),
  });
}
