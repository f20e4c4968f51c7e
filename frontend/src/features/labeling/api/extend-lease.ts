import { api, unwrap } from "@/lib/api-client";
import type { Lease } from "@/lib/models";

export function extendLease(placeId: number, leaseToken: string): Promise<Lease> {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/heartbeat", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken },
    }),
  );
}
