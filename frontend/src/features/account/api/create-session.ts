import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, setCsrfToken, unwrap } from "@/lib/api-client";
import { SESSION_KEY } from "@/lib/queries/get-session";

export function useSignIn() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: { username: string; password: string }) => unwrap(api.POST("/api/v1/session", { body })),
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      queryClient.clear();
      queryClient.setQueryData(SESSION_KEY, session);
    },
  });
}
