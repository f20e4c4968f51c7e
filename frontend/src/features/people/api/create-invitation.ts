import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { InvitationDraft } from "@/lib/models";

export function useCreateInvitation(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: InvitationDraft) =>
      unwrap(
        api.POST("/api/v1/projects/{project_id}/invitations", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "invitations"] }),
  });
}
