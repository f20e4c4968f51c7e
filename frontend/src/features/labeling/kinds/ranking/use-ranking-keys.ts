import type { AnswerDraft } from "../../draft-store";
import { useWindowKeys } from "../../hooks/use-window-keys";
import { isControl, isSubmit, isTyping } from "../../keys";
import { rankClear, rankMove, rankSet, rankTie, type Ranks } from "./ranks";

interface RankingKeys {
  shown: number[];
  focused: number | null;
  change: (part: (previous: AnswerDraft) => Partial<AnswerDraft>) => void;
  focusCard: (id: number) => void;
  submit: () => void;
  placeByRating: () => void;
  back: (() => void) | null;
}

/** The new order after a key on the focused completion; null when the key means nothing here. */
function ranksAfter(ranks: Ranks, id: number, event: KeyboardEvent, numRows: number): Ranks | null {
  const digit = Number(event.key);
  if (digit >= 1 && digit <= numRows) return rankSet(ranks, id, digit);
  if (event.key === "t" || event.key === "T" || event.key === "=") return rankTie(ranks, id);
  if (event.key === "0" || event.key === "Backspace" || event.key === "Delete") return rankClear(ranks, id);
  if ((event.altKey || event.shiftKey) && event.key === "ArrowUp") return rankMove(ranks, id, -1, numRows);
  if ((event.altKey || event.shiftKey) && event.key === "ArrowDown") return rankMove(ranks, id, 1, numRows);
  return null;
}

/** The whole order by keyboard. Keys typed into a text field or a dialog are left alone. */
export function useRankingKeys({ shown, focused, change, focusCard, submit, placeByRating, back }: RankingKeys): void {
  useWindowKeys((event) => {
    if (isSubmit(event)) return submit();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    if (document.querySelector("[role=dialog]")) return;
    if (event.key === "Enter" && !isControl(event.target)) {
      event.preventDefault();
      return submit();
    }
    if (event.key === "s") return placeByRating();
    if (event.key === "b") return back?.();
    const id = focused ?? shown[0];
    if (id === undefined) return;
    if (ranksAfter({}, id, event, shown.length)) {
      event.preventDefault();
      return change(({ ranks }) => ({ ranks: ranksAfter(ranks, id, event, shown.length) ?? ranks }));
    }
    const step = ["ArrowDown", "ArrowRight", "j"].includes(event.key) ? 1 : ["ArrowUp", "ArrowLeft", "k"].includes(event.key) ? -1 : 0;
    const neighbour = step && shown[shown.indexOf(id) + step];
    if (neighbour) {
      event.preventDefault();
      focusCard(neighbour);
    }
  });
}
