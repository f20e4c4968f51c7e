/** Whether keys go into a text field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");
}

/** Whether Enter belongs to what has the focus. */
export function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, input, [role=dialog]") !== null;
}

/** Whether a shortcut of the page may act on this key. */
export function isShortcut(event: KeyboardEvent): boolean {
  const isPlain = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey;
  return isPlain && !isTyping(event.target) && !document.querySelector("[role=dialog]");
}

/** Ctrl + Enter submits from anywhere but a dialog. */
export function isSubmit(event: KeyboardEvent): boolean {
  return event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("[role=dialog]");
}
