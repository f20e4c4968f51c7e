import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";
import type { ImportKind } from "@/lib/models";

/** The body is typed as JSON by the schema; the serializer sends the file and its kind as a form. */
export function useCreateImport(projectId: number) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ file, kind }: { file: File; kind: ImportKind }) => {
      const form = new FormData();
      form.append("kind", kind);
      form.append("file", file);
      return unwrap(
        api.POST("/api/v1/projects/{project_id}/imports", {
          params: { path: { project_id: projectId } },
          body: { kind, file: file.name },
          bodySerializer: () => form,
        }),
      );
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ["projects", projectId, "imports"] }),
  });
}
