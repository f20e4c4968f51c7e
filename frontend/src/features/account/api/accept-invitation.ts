import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, setCsrfToken, unwrap } from "@/lib/api-client";
import { SESSION_KEY } from "@/lib/queries/get-session";

interface NewAccount {
  username: string;
  display_name: string;
  password: string;
}

/** Joins with a new account and signs in; a person who is signed in joins as themselves, whatever the account says. */
export function useAcceptInvitation(token: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: NewAccount) =>
      unwrap(api.POST("/api/v1/invitations/{token}/accept", { params: { path: { token } }, body })),
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      queryClient.clear();
      queryClient.setQueryData(SESSION_KEY, session);
    },
  });
}
