import { expect, test } from "vitest";

import { draftChoose, EMPTY_DRAFT } from "./draft-store";

const server = { body: { turns: ["server"] }, updated_at: "2026-11-02T10:00:00Z" };
const local = (synced_at: string | null) => ({ body: { ...EMPTY_DRAFT, turns: ["local"] }, synced_at });

test("work the server has not seen wins over an older save", () => {
  expect(draftChoose(local(null), server).turns).toEqual(["local"]);
});

test("a later save from another device wins over this browser's copy", () => {
  expect(draftChoose(local("2026-11-02T09:00:00Z"), server).turns).toEqual(["server"]);
});

test("a new browser gets the server's draft, with every field", () => {
  expect(draftChoose(null, server)).toEqual({ ...EMPTY_DRAFT, turns: ["server"] });
});

test("a new task starts empty", () => {
  expect(draftChoose(null, null)).toEqual(EMPTY_DRAFT);
});
