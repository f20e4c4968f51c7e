import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Weights } from "@/lib/models";

const weightsKey = (projectId: number) => ["projects", projectId, "weights"];

export function useWeights(projectId: number) {
  return useQuery({
    queryKey: weightsKey(projectId),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/projects/{project_id}/labeling/weights", { params: { path: { project_id: projectId } }, signal })),
  });
}

export function useSetWeights(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<Weights>) =>
      unwrap(
        api.PATCH("/api/v1/projects/{project_id}/labeling/weights", { params: { path: { project_id: projectId } }, body }),
      ),
    onSuccess: (weights) => queryClient.setQueryData(weightsKey(projectId), weights),
  });
}
