import { api, unwrap } from "@/lib/api-client";

import type { AnswerDraft } from "../draft-store";

/** `isLeaving`: the page goes away, and the request must outlive it. */
export function saveDraft(placeId: number, leaseToken: string, body: AnswerDraft, isLeaving = false) {
  return unwrap(
    api.PUT("/api/v1/places/{place_id}/draft", {
      params: { path: { place_id: placeId } },
      body: { lease_token: leaseToken, body: { ...body } },
      keepalive: isLeaving,
    }),
  );
}
