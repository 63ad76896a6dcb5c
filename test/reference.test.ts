import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { adapters } from "../scripts/reference/adapters.ts";
import { generatedPage, generatedPages } from "../scripts/reference/generated-pages.ts";
import { documentedOptions } from "../scripts/reference/options-page.ts";
import { root } from "../scripts/workspaces.ts";

// The page of the command line runs its examples.
vi.setConfig({ testTimeout: 120_000 });

test.for(generatedPages)("%s is what the code says: UPDATE_DOCS=1 writes it", async (path) => {
  const { is, should } = await generatedPage(path);
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(join(root, path), should);
  expect(process.env["UPDATE_DOCS"] === "1" ? should : is).toBe(should);
});

describe.for(adapters)("options of $name", ({ name, options, table, urls, read }) => {
  test("are all described", () => {
    const described = documentedOptions(name, options);
    expect(described.map((one) => one.name).toSorted()).toEqual(Object.keys(table.rules).toSorted());
    expect(described.filter(({ text }) => text === "").map((one) => one.name)).toEqual([]);
  });

  test.for(urls.examples)("%s is a URL that the adapter reads", (url) => {
    expect(() => read(url.replaceAll(/\$\{\w+\}/g, "value"))).not.toThrow();
  });

  test("have parameters that the adapter knows", () => {
    const [url = ""] = urls.examples;
    for (const parameter of Object.keys(urls.parameters ?? {}))
      expect(() => read(`${url.replace(/^redis:/, "rediss:")}?${parameter}=true`)).not.toThrow();
  });
});
