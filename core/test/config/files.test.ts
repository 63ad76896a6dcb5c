import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig, type ConfigLoad } from "@anytopic/core/config";
import { temporaryFolder } from "./temporary-folder.ts";

const json = '{ "connections": { "main": { "url": "memory:file" } } }';
const load = async (folder: string, environment: Record<string, string> = {}): Promise<ConfigLoad> =>
  await loadConfig({ folder, environment });

describe("kinds of files", () => {
  test.for([
    ["anytopic.config.json", json],
    ["anytopic.config.yaml", "connections:\n  main: { url: memory:file } # a comment\n"],
    ["anytopic.config.yml", "connections: { main: { url: memory:file } }"],
    ["anytopic.config.mjs", `export default ${json};`],
    ["anytopic.config.ts", `const config: object = ${json};\nexport default config;`],
    ["anytopic.config.mts", `export default ${json} satisfies object;`],
  ] as const)("%s", async ([name, text]) => {
    const folder = temporaryFolder({ [name]: text });
    const { config, path, source } = await load(folder);
    expect(config).toMatchObject({ default: "main", connections: { main: { url: "memory:file", options: {} } } });
    expect([path, source]).toEqual([join(folder, name), "configuration"]);
    expect(Object.isFrozen(config) && Object.isFrozen(config.connections["main"])).toBe(true);
  });

  test("YAML keeps plain scalars with variables", async () => {
    const folder = temporaryFolder({
      "anytopic.config.yaml": "connections: {main: {url: 'memory:'}}\ncloseTimeoutMs: ${MS}\n",
    });
    expect((await load(folder, { MS: "5" })).config.closeTimeoutMs).toBe(5);
  });

  test("paths of declarations are relative to the file", async () => {
    const folder = temporaryFolder({
      "x.json": `{"connections":{"main":{"url":"memory:"}},"declarations":["./src/topics.ts"]}`,
    });
    const { config } = await loadConfig({ config: join(folder, "x.json"), folder: "/elsewhere", environment: {} });
    expect(config.declarations).toEqual([join(folder, "src/topics.ts")]);
  });
});

describe("files that cannot be used", () => {
  test.for([
    ["", ":1:1: the file is empty"],
    ['{\n  "connections": {\n    "main": { "url": "memory:" },\n  }\n}', ":3:33: a comma before } is not allowed"],
    ["{\n  // the broker\n}", ":2:3: expected a key in double quotes, or }; JSON has no comments"],
    ["{ 'a': 1 }", ":1:3: expected a key in double quotes, or }; JSON takes double quotes"],
    ['{ "a": 1 "b": 2 }', ":1:10: expected , or }"],
    ['{ "a" 1 }', ":1:7: expected : after the key"],
    ['{ "a": tru }', ":1:8: expected a value"],
    ['{ "a": "secret\n" }', ":1:8: the text that begins here does not end on its line"],
    ['{ "a": "se\tcret" }', ":1:8: control characters in text are written as escapes"],
    ['{ "a": "\\x" }', ":1:8: the text that begins here does not end on its line, or has a wrong escape"],
    ['{ "a": [1, 2', ":1:13: expected , or ], but the file ends here"],
    ['{ "a": 1,\n  "a": 2 }', ":2:3: the key 'a' is there twice"],
    ["{} {}", ":1:4: there is text after the end of the value"],
    ["[".repeat(200), ":1:102: more than 100 levels"],
    ["[]", ": the whole is a list: must be an object"],
    ["null", ": the whole is null: must be an object"],
  ] as const)("JSON: %s", async ([text, message]) => {
    const folder = temporaryFolder({ "anytopic.config.json": text });
    const error: unknown = await load(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(`anytopic.config.json${message}`),
    });
    expect((error as Error).stack).not.toContain("secret");
  });

  test.for([
    ["a: 1\na: 2\n", /^anytopic\.config\.yaml:2:1: .*unique/i],
    ["a: [1, 2\nb: secret\n", /^anytopic\.config\.yaml:\d:\d+: /],
    ["a: *missing\n", /^anytopic\.config\.yaml/],
    ["- 1\n", /the whole is a list: must be an object/],
  ] as const)("YAML: %s", async ([text, message]) => {
    const folder = temporaryFolder({ "anytopic.config.yaml": text });
    const error: unknown = await load(folder).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_CONFIG", message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain("secret");
  });

  test.for([
    ["no-default.mjs", "export const config = {};", "its default export must be the configuration"],
    ["function.mjs", "export default () => ({});", "its default export must be the configuration"],
    ["throws.mjs", 'throw new RangeError("on load");', "cannot be imported: RangeError: on load"],
    ["syntax.mjs", "export default {", "cannot be imported: "],
    ["import.mjs", 'import "no-such-package-anywhere";', "cannot be imported: Error"],
    ["config.toml", "", "a configuration ends in .json, .yaml"],
  ] as const)("%s", async ([name, text, message]) => {
    const folder = temporaryFolder({ [name]: text });
    await expect(loadConfig({ config: join(folder, name), environment: {} })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(message),
    });
  });

  test.for(["missing.json", "missing.yaml", "missing.ts"])("%s", async (name) => {
    const path = join(temporaryFolder(), name);
    const message = expect.stringContaining(`${path}: there is no such file. See https://`);
    await expect(loadConfig({ config: path })).rejects.toMatchObject({ code: "INVALID_CONFIG", message });
  });

  test("a folder", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "anytopic.config.json"));
    await expect(load(folder)).rejects.toThrow("anytopic.config.json: it is a folder");
  });

  test("several files", async () => {
    const folder = temporaryFolder({ "anytopic.config.json": json, "anytopic.config.yml": "" });
    await expect(load(folder)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining(
        `there are anytopic.config.json and anytopic.config.yml in ${folder}: keep one, or name one in ANYTOPIC_CONFIG. See `,
      ),
    });
    const named = await load(folder, { ANYTOPIC_CONFIG: "anytopic.config.json" });
    expect(named.config.connections["main"]?.url).toBe("memory:file");
  });

  test("neither a path nor an object", async () => {
    await expect(loadConfig({ config: 5 as never })).rejects.toThrow(TypeError);
    await expect(loadConfig({ config: [] as never })).rejects.toThrow(
      "config is an array: must be a path or an object",
    );
  });
});
