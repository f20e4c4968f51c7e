import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

const POLL_MILLISECONDS = 3000;

interface Log {
  text: string;
  next_offset: number;
}

/** The log of a run so far. Each reading asks only for what came after the last one. */
export function useRunLog(runId: number, isLive: boolean) {
  const queryClient = useQueryClient();
  const queryKey = ["runs", runId, "log"];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Log> => {
      const known = queryClient.getQueryData<Log>(queryKey) ?? { text: "", next_offset: 0 };
      const part = await unwrap(
        api.GET("/api/v1/runs/{run_id}/log", {
          params: { path: { run_id: runId }, query: { offset: known.next_offset } },
          signal,
        }),
      );
      return { text: known.text + part.text, next_offset: part.next_offset };
    },
    refetchInterval: isLive ? POLL_MILLISECONDS : false,
  });
}
