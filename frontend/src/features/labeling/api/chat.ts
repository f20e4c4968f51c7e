import { api, unwrap } from "@/lib/api-client";
import type { ChatMessageBody } from "@/lib/task-models";

export function getChat(placeId: number) {
  return unwrap(api.GET("/api/v1/places/{place_id}/chat", { params: { path: { place_id: placeId } } }));
}

/** The next message, with what is said of the turn before; the same turn may be sent again. */
export function sendMessage(placeId: number, body: ChatMessageBody) {
  return unwrap(api.POST("/api/v1/places/{place_id}/chat/turns", { params: { path: { place_id: placeId } }, body }));
}

/** Asks again for the replies that failed. */
export function retryReplies(placeId: number, leaseToken: string) {
  return unwrap(
    api.POST("/api/v1/places/{place_id}/chat/retry", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken },
    }),
  );
}
