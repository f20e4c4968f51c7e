import { api, unwrap } from "@/lib/api-client";

/** Gives a task back that was never shown. */
export function releasePlace(placeId: number, leaseToken: string) {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/release", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken },
      keepalive: true,
    }),
  );
}
