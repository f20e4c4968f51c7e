import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { Page, Project } from "@/lib/models";

export function useProjects() {
  return useQuery({
    queryKey: ["projects"],
    queryFn: ({ signal }) =>
      unwrap<Page<Project>>(api.GET("/api/v1/projects", { signal })),
  });
}
