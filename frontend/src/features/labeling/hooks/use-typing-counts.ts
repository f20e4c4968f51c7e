import { useRef, type ClipboardEvent, type DragEvent, type FormEvent } from "react";

import { isTyping } from "../keys";
import { countInput, isRemoval, type TypingCounts } from "../typing-counts";

/** Counts what happens in the text fields below the element that gets `handlers`, dialogs included. */
export function useTypingCounts(initial: TypingCounts) {
  const counts = useRef(initial);
  const last = useRef({ at: -Infinity, wasRemoval: false });
  const inserted = useRef(0); // characters of the paste or drop that the next input event is about

  const count = (event: FormEvent) => {
    const { inputType, data } = event.nativeEvent as InputEvent;
    if (!inputType || !isTyping(event.target)) return; // a choice, not a text
    const now = performance.now();
    const length = inserted.current || data?.length || 1; // a line break brings no data
    counts.current = countInput(counts.current, inputType, length, now - last.current.at, last.current.wasRemoval);
    last.current = { at: now, wasRemoval: isRemoval(inputType) };
    inserted.current = 0;
  };
  const handlers = {
    onInput: count,
    onPaste: (event: ClipboardEvent) => {
      inserted.current = event.clipboardData.getData("text/plain").length;
    },
    onDrop: (event: DragEvent) => {
      inserted.current = event.dataTransfer.getData("text/plain").length;
    },
  };
  return { counts, handlers };
}
