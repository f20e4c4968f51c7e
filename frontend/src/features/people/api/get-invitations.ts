import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Invitation, Page } from "@/lib/models";

export function useInvitations(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "invitations"],
    queryFn: ({ signal }) =>
      unwrap<Page<Invitation>>(api.GET("/api/v1/projects/{project_id}/invitations", { params: { path: { project_id: projectId } }, signal })),
  });
}
