import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

/** Reads the board again whenever the server says that something on it changed. */
export function useRoundStream(projectId: number): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const source = new EventSource(`/api/v1/projects/${projectId}/stream`);
    const refresh = () => {
      void queryClient.invalidateQueries({ queryKey: ["projects", projectId, "rounds"] });
      void queryClient.invalidateQueries({ queryKey: ["projects", projectId, "evaluations"] });
    };
    source.addEventListener("round", refresh);
    return () => source.close();
  }, [projectId, queryClient]);
}
