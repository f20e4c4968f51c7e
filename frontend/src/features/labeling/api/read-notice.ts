import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

import { noticeKey } from "./get-notice";

export function useReadNotice(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/v1/projects/{project_id}/labeling/notice", { params: { path: { project_id: projectId } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: noticeKey(projectId) }),
  });
}
