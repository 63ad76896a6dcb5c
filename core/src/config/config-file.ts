import { isPlainObject } from "../base/plain-object.ts";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { PubSubError } from "../base/errors.ts";
import { parseJson } from "./parse-json.ts";

const EXTENSIONS = [".json", ".yaml", ".yml", ".ts", ".mts", ".js", ".mjs"] as const;

/** 1 MiB: a hundred times the largest useful size. A much larger file overflows the parsers' stacks. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The names of configuration files in the working directory. */
export const CONFIG_FILE_NAMES: readonly string[] = EXTENSIONS.map((extension) => `anytopic.config${extension}`);

/** @throws PubSubError `INVALID_CONFIG` when there are several */
export function findConfigFile(folder: string): string | undefined {
  const found = CONFIG_FILE_NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    throw new PubSubError(
      "INVALID_CONFIG",
      `there are ${found.join(" and ")} in ${folder}: keep one, or name one in ANYTOPIC_CONFIG`,
    );
  }
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

/**
 * Reads and parses a configuration file, without checking its content.
 *
 * @throws PubSubError `INVALID_CONFIG` when it is missing, cannot be read or parsed, or has an unknown extension
 */
export async function readConfigFile(path: string): Promise<unknown> {
  const extension = extname(path);
  const name = basename(path);
  switch (extension) {
    case ".json":
      return parseJson(await textOf(path), name);
    case ".yaml":
    case ".yml":
      return await parseYaml(await textOf(path), name, path);
    case ".ts":
    case ".mts":
    case ".js":
    case ".mjs":
      return await defaultExport(path, name);
    default:
      throw new PubSubError("INVALID_CONFIG", `${path}: a configuration ends in ${EXTENSIONS.join(", ")}`);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      throw new PubSubError(
        "INVALID_CONFIG",
        `${path} is ${size} bytes long: a configuration is at most ${MAX_FILE_BYTES}; is it another file?`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof PubSubError) throw error;
    const code = codeOf(error);
    const reason = { ENOENT: "there is no such file", EACCES: "it may not be read", EISDIR: "it is a folder" }[
      code ?? ""
    ];
    throw new PubSubError("INVALID_CONFIG", `${path}: ${reason ?? `it cannot be read (${code ?? "unknown reason"})`}`, {
      cause: error,
    });
  }
}

/** The part of the package `yaml` that is used here. */
interface YamlModule {
  parseDocument(
    text: string,
    options: { readonly prettyErrors: false; readonly uniqueKeys: true; readonly lineCounter: YamlLineCounter },
  ): {
    readonly errors: readonly { readonly message: string; readonly pos: readonly [number, number] }[];
    toJS(options: { readonly maxAliasCount: number }): unknown;
  };
  readonly LineCounter: new () => YamlLineCounter;
}

interface YamlLineCounter {
  linePos(offset: number): { readonly line: number; readonly col: number };
}

async function parseYaml(text: string, name: string, path: string): Promise<unknown> {
  const yaml = await yamlModule(path);
  const lineCounter = new yaml.LineCounter();
  // No pretty errors: they show the line, which may contain a password.
  const document = yaml.parseDocument(text, { prettyErrors: false, uniqueKeys: true, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const isTooDeep = error.message.includes("call stack");
    throw new PubSubError(
      "INVALID_CONFIG",
      `${name}:${line}:${col}: ${isTooDeep ? "it is nested too deeply" : error.message}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new PubSubError("INVALID_CONFIG", `${name}: its aliases cannot be resolved`, { cause });
  }
}

/** The application's `yaml`. Most applications do not need it, so core does not depend on it. */
async function yamlModule(path: string): Promise<YamlModule> {
  const specifier = "yaml";
  try {
    return (await import(specifier)) as YamlModule;
  } catch {
    try {
      const found = createRequire(path).resolve(specifier);
      const imported = (await import(pathToFileURL(found).href)) as YamlModule & { readonly default?: YamlModule };
      return imported.default ?? imported;
    } catch (cause) {
      throw new PubSubError(
        "INVALID_CONFIG",
        `${basename(path)} needs the package yaml: npm install yaml, or write anytopic.config.json`,
        { cause },
      );
    }
  }
}

async function defaultExport(path: string, name: string): Promise<unknown> {
  if (!existsSync(path)) throw new PubSubError("INVALID_CONFIG", `${path}: there is no such file`);
  let imported: { readonly default?: unknown };
  try {
    imported = (await import(pathToFileURL(resolve(path)).href)) as { readonly default?: unknown };
  } catch (error) {
    if (codeOf(error) === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new PubSubError(
        "INVALID_CONFIG",
        `${name}: this Node (${process.version}) cannot import TypeScript: use Node 22.18 or later, ` +
          "or anytopic.config.mjs, .json or .yaml",
        { cause: error },
      );
    }
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
    throw new PubSubError("INVALID_CONFIG", `${name} cannot be imported: ${reason}`, { cause: error });
  }
  const value = await imported.default;
  if (isPlainObject(value)) return value;
  throw new PubSubError(
    "INVALID_CONFIG",
    `${name}: its default export must be the configuration: export default defineConfig({ … })`,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
