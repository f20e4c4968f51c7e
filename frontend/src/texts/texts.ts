import type { en } from "./en";

/** What every language has to say: a text that one lacks does not compile. */
export type Texts = typeof en;

export type Shortcut = [keys: string, meaning: string];
