import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { TrainingOptions } from "@/lib/models";

/** The options change only with the code of the site, so they are read once a visit. */
export function useTrainingOptions(projectId: number) {
  return useQuery({
    queryKey: ["projects", projectId, "training-options"],
    queryFn: async ({ signal }) => {
      const params = { path: { project_id: projectId } };
      const options = await unwrap(api.GET("/api/v1/projects/{project_id}/training/options", { params, signal }));
      return options as unknown as TrainingOptions;
    },
    staleTime: Infinity,
  });
}
