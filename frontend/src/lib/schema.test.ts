import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

import committed from "./schema.d.ts?raw";

test("schema.d.ts is what docs/openapi.yml generates (npm run api writes it again)", async () => {
  const source = new URL("../../../docs/openapi.yml", import.meta.url);
  const generated = astToString(await openapiTS(source, { defaultNonNullable: false }));
  expect(committed).toBe(COMMENT_HEADER + generated);
});
