import { useMutation } from "@tanstack/react-query";

import { api, unwrap } from "@/lib/api-client";

export function useChangePassword() {
  return useMutation({
    mutationFn: (body: { current: string; new: string }) => unwrap(api.PUT("/api/v1/password", { body })),
  });
}
