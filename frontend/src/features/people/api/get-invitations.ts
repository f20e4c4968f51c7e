import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useInvitations(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "invitations"],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/projects/{project_id}/invitations", { params: { path: { project_id: projectId } }, signal }),
      ),
  });
}
