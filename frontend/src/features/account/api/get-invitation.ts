import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useInvitation(token: string) {
  return useQuery({
    queryKey: ["invitations", token],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/invitations/{token}", { params: { path: { token } }, signal })),
  });
}
