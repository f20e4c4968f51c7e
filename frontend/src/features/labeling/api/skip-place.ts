import { api, unwrap } from "@/lib/api-client";
import type { SkipReason } from "@/lib/task-models";

export function skipPlace(placeId: number, leaseToken: string, reason: SkipReason, note: string) {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/skip", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken, reason, note, claim_next: true },
    }),
  );
}
