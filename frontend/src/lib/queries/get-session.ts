import { useQuery } from "@tanstack/react-query";

import { api, setCsrfToken, unwrap } from "@/lib/api-client";

export const SESSION_KEY = ["session"];

export function useSession() {
  return useQuery({
    queryKey: SESSION_KEY,
    queryFn: async ({ signal }) => {
      const session = await unwrap(api.GET("/api/v1/session", { signal }));
      setCsrfToken(session.csrf_token);
      return session;
    },
    staleTime: 60_000,
  });
}
