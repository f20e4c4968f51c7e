import { api, ApiError, unwrap } from "@/lib/api-client";
import type { SubmitBody } from "@/lib/task-models";

const RETRY_AFTER_MS = [500, 1500, 4000];

/** Stores an answer. A lost reply is asked for again under the same key, so that one answer is stored once. */
export async function submitAnswer(placeId: number, key: string, body: SubmitBody) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await unwrap(
        api.POST("/api/v1/places/{place_id}/submit", {
          params: { path: { place_id: placeId }, header: { "Idempotency-Key": key } },
          body,
        }),
      );
    } catch (error) {
      if (attempt >= RETRY_AFTER_MS.length || !(error instanceof ApiError) || !error.isRetryable) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS[attempt]));
    }
  }
}
