import { useMutation } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

interface NewAccount {
  username: string;
  display_name: string;
  password: string;
}

export function useAcceptInvitation(token: string) {
  return useMutation({
    mutationFn: (body: NewAccount) =>
      unwrap(api.POST("/api/v1/invitations/{token}/accept", { params: { path: { token } }, body })),
  });
}
