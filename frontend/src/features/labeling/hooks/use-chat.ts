import { useCallback, useEffect, useState } from "react";

import type { Assignment, Chat, ChatMessageBody, ChatTurn } from "@/lib/task-models";

import { getChat, retryReplies, sendMessage } from "../api/chat";

const ASK_AGAIN_MS = 2000;

/** A chat as the server has it: the turns so far, and the replies of the last one as they are written. */
export function useChat({ place }: Assignment) {
  const [chat, setChat] = useState<Chat | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const last = chat?.turns.at(-1);
  const isWriting = last?.replies.some(({ state }) => state === "writing") ?? false;
  const hasFailed = !isWriting && (last?.replies.some(({ state }) => state === "failed") ?? false);

  /** Does what changes the chat and shows what came of it; false when it was refused, and why is in `error`. */
  const ask = useCallback(async (request: () => Promise<Chat>): Promise<boolean> => {
    setIsBusy(true);
    try {
      setChat(await request());
      setError(null);
      return true;
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      return false;
    } finally {
      setIsBusy(false);
    }
  }, []);
  const load = useCallback(() => ask(() => getChat(place.id)), [ask, place.id]);
  useEffect(() => void load(), [load]);

  useEffect(() => {
    if (!isWriting) return;
    let again: number | undefined;
    const source = new EventSource(`/api/v1/places/${place.id}/chat/stream`);
    source.addEventListener("turn", (event: MessageEvent<string>) => {
      const turn = JSON.parse(event.data) as ChatTurn;
      setChat((known) => known && { ...known, turns: [...known.turns.filter(({ number }) => number !== turn.number), turn] });
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) again = window.setTimeout(() => void load(), ASK_AGAIN_MS);
    });
    return () => {
      source.close();
      window.clearTimeout(again);
    };
  }, [isWriting, last?.number, place.id, load]);

  const say = (body: Omit<ChatMessageBody, "lease_token" | "number">) =>
    ask(() => sendMessage(place.id, { ...body, lease_token: place.lease_token, number: (last?.number ?? 0) + 1 }));
  const retry = () => ask(() => retryReplies(place.id, place.lease_token));
  return { chat, last, isWriting, hasFailed, isBusy, error, load, say, retry };
}
