import { join } from "node:path";
import { loadConfig } from "@anytopic/core/config";
import { expect, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

async function load(name: string, text: string): Promise<unknown> {
  return await loadConfig({ config: join(temporaryFolder({ [name]: text }), name), environment: {} });
}

const MEGABYTES_20 = "x".repeat(20_000_000);
const aliases = [
  "&a [x,x,x,x,x,x,x,x,x]",
  ..."bcdefg".split("").map((name, index) => {
    const before = `*${"abcdef"[index]}`;
    return `&${name} [${Array.from({ length: 9 }, () => before).join(",")}]`;
  }),
];

test.for<[name: string, file: string, text: string, says: string]>([
  [
    "options that contain themselves",
    "a.yaml",
    "connections: { m: { url: 'memory:', options: &a { x: [*a, *a], y: *a } } }",
    "connections.m.options.x[0] contains itself",
  ],
  [
    "a connection that contains itself",
    "a.yaml",
    "connections:\n  m: &m\n    url: 'memory:'\n    options: *m\n",
    "connections.m.options contains itself",
  ],
  [
    "aliases that grow",
    "a.yaml",
    aliases.map((value, index) => `k${index}: ${value}`).join("\n"),
    "its aliases cannot be resolved",
  ],
  ["deep YAML", "a.yaml", "[".repeat(100_000), "it is nested too deeply"],
  [
    "options 30 levels deep",
    "a.json",
    `{"connections":{"m":{"url":"memory:","options":${'{"a":'.repeat(30)}1${"}".repeat(30)}}}}`,
    "is more than 20 levels deep",
  ],
  [
    "a text of 20 MB in YAML",
    "a.yaml",
    `connections: { m: { url: "memory:${MEGABYTES_20}" } }`,
    "a configuration is at most 1048576; is it another file?",
  ],
  [
    "a text of 20 MB in JSON",
    "a.json",
    `{"connections":{"m":{"url":"memory:${MEGABYTES_20}"}}}`,
    "a configuration is at most 1048576",
  ],
  [
    "a name that every object has",
    "a.json",
    '{"connections":{"m":{"url":"memory:${constructor}"}}}',
    "the environment variable constructor, which is not set",
  ],
  ["half a place", "a.json", `{"connections":{"m":{"url":"${"${".repeat(100_000)}"}}}`, "…: write ${VARIABLE}"],
])("%s: refused in words", async ([, file, text, says]) => {
  const error: unknown = await load(file, text).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringContaining(says) });
  expect(String(error).length).toBeLessThan(1000);
});

test.for([`"${"x".repeat(1_000_000)}"`, `"${"\\u0041".repeat(170_000)}"`])("a long text is read", async (text) => {
  expect(await load("a.json", `{"connections":{"m":{"url":"memory:","options":{"name":${text}}}}}`)).toBeDefined();
});
