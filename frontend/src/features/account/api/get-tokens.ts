import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export const TOKENS_KEY = ["tokens"];

export function useTokens() {
  return useQuery({
    queryKey: TOKENS_KEY,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/tokens", { signal })),
  });
}
