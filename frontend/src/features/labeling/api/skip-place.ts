import { api, unwrap } from "@/lib/api-client";
import type { NextTask, SkipReason } from "@/lib/models";

export function skipPlace(placeId: number, leaseToken: string, reason: SkipReason, note: string): Promise<NextTask> {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/skip", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken, reason, note, claim_next: true },
    }),
  );
}
