import { QueryClient } from "@tanstack/react-query";

import { ApiError } from "./api-client";

const MAX_RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < MAX_RETRIES && (!(error instanceof ApiError) || error.isRetryable),
    },
  },
});
