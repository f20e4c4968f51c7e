import { describe, expect, test } from "vitest";

import { formatsOf } from "./format";
import { LANGUAGES, languageAtStart } from "./language";

type Leaves = Map<string, unknown>;

/** Every text by its path: "kinds.ranking.title". */
function leavesOf(texts: unknown, path = "", found: Leaves = new Map()): Leaves {
  if (typeof texts === "object" && texts !== null) {
    for (const [key, value] of Object.entries(texts)) leavesOf(value, path ? `${path}.${key}` : key, found);
  } else found.set(path, texts);
  return found;
}

const english = leavesOf(LANGUAGES.en.texts);
const SAME_ON_PURPOSE = /^menu\.pages\.(prompts|checkpoints|chats)$|^(account\.tokenName|projects\.name|task\.prompt|kinds\.chat\.name)$|\.save\.unchanged$|\.use_case\.text$|Shortcuts?\.\d+\.0$|shortcuts\.\d+\.0$/;

describe.each(Object.entries(LANGUAGES).filter(([code]) => code !== "en"))("the texts in %s", (_, { texts }) => {
  const translated = leavesOf(texts);

  test("are the same in number and kind as the English ones", () => {
    expect([...translated.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [path, text] of english) expect(typeof translated.get(path), path).toBe(typeof text);
  });

  test("are translated, every one", () => {
    const left = [...english].filter(([path, text]) => typeof text === "string" && translated.get(path) === text);
    expect(left.map(([path]) => path).filter((path) => !SAME_ON_PURPOSE.test(path))).toEqual([]);
  });

  test("take as many words into them", () => {
    for (const [path, text] of english) {
      if (typeof text === "function" && !path.startsWith("errors.")) expect((translated.get(path) as () => string).length, path).toBe(text.length);
    }
  });
});

test("an error is said by its code, and in the server's words where the code has no text", () => {
  const { errors } = LANGUAGES.de.texts;
  expect(errors.text("throttled", "Too many.")).toBe("Zu viele Versuche. Warten Sie eine Minute und versuchen Sie es dann wieder.");
  expect(errors.text("unheard_of", "Too many.")).toBe("Too many.");
  expect(LANGUAGES.en.texts.errors.text("throttled", "Too many.")).toBe("Too many.");
});

test("what is wrong with a field is said by its code, and in the server's words where the code has no text", () => {
  const { errors } = LANGUAGES.de.texts;
  expect(errors.field("name_taken", "Taken.")).toBe("Dieser Name ist vergeben. Wählen Sie einen anderen.");
  expect(errors.field("", "Expected an order.")).toBe("Expected an order.");
  expect(LANGUAGES.en.texts.errors.field("name_taken", "Taken.")).toBe("Taken.");
});

describe("the language of the pages", () => {
  test("is the one chosen before, else the browser's first that we have, else English", () => {
    expect(languageAtStart("de", ["en-US"])).toBe("de");
    expect(languageAtStart(null, ["fr-FR", "de-CH", "en"])).toBe("de");
    expect(languageAtStart("klingon", ["fr"])).toBe("en");
  });

  test("writes numbers and days its own way", () => {
    expect([formatsOf("en").formatCount(1204.5), formatsOf("de").formatCount(1204.5)]).toEqual(["1,204.5", "1.204,5"]);
    expect([formatsOf("en").formatDay("2026-11-05"), formatsOf("de").formatDay("2026-11-05")]).toEqual(["Nov 5", "5. Nov."]);
  });
});
