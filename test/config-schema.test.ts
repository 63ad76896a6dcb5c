import { expect, test } from "vitest";
import { publishedConfigSchema } from "../scripts/reference/config-schema.ts";
import { readTracked } from "./tracked-files.ts";

test("the published schema says what the adapters say: run scripts/write-config-schema.ts", () => {
  const published: unknown = JSON.parse(readTracked("core/schema/anytopic.config.schema.json"));
  expect(published).toEqual(publishedConfigSchema());
});
