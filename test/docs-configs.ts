import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { type DocsFence, docsFences } from "./docs-fences.ts";

/** A configuration that a document shows. */
export interface DocsConfig {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const schema = new URL(import.meta.resolve("@anytopic/core/config.schema.json"));
const fits = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(schema, "utf8")) as object,
);

const isConfig = ({ language, info }: DocsFence): boolean => language === "json" && info === "anytopic.config.json";

/** The blocks marked "json anytopic.config.json". A document may show several; programs find the last one. */
export const docsConfigs = (markdown: string): readonly DocsConfig[] =>
  docsFences(markdown)
    .filter(isConfig)
    .map(({ info, line, text }) => ({ file: info, line, text }));

/** What the schema, as an editor reads it, says against the configurations of a document: `<line>: …`. */
export function configProblems(markdown: string): readonly string[] {
  return docsConfigs(markdown).flatMap(({ line, text }) => {
    let config: unknown;
    try {
      config = JSON.parse(text);
    } catch (error) {
      return [`${line}: ${(error as Error).message}`];
    }
    if (fits(config)) return [];
    return (fits.errors ?? []).map(({ instancePath, message, params }) => {
      const key = Object.values(params as object).find((value): value is string => typeof value === "string");
      return `${line + lineOf(text, key)}: ${instancePath || "/"} ${message}${key === undefined ? "" : `: ${key}`}`;
    });
  });
}

/** How many lines below the fence the key is; 0 when it is not found. */
const lineOf = (text: string, key: string | undefined): number =>
  text.split("\n").findIndex((each) => key !== undefined && each.includes(`${JSON.stringify(key)}:`)) + 1;
