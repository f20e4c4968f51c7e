import { api, unwrap } from "@/lib/api-client";

export function extendLease(placeId: number, leaseToken: string) {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/heartbeat", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken },
    }),
  );
}
