import { configSchema } from "@anytopic/core/config";
import type { OptionRule } from "@anytopic/core/driver";
import { adapters, type DescribedAdapter } from "./adapters.ts";
import { documentedOptions, inConfiguration } from "./options-page.ts";

type Schema = Readonly<Record<string, unknown>>;

interface ConnectionSchema extends Schema {
  readonly properties: { readonly url: Schema; readonly options: Schema };
}

interface FileSchema extends Schema {
  readonly properties: Schema & { readonly connections: Schema & { readonly additionalProperties: ConnectionSchema } };
}

/** As in the schema of core: what a variable brings is not known before the file is loaded. */
const VARIABLE: Schema = { type: "string", pattern: "\\$\\{" };

/** The published schema: that of core, and for each scheme of a URL the parameters and options of its adapter. */
export function publishedConfigSchema(): Schema {
  const schema = configSchema() as FileSchema;
  const { connections } = schema.properties;
  const { properties, ...connection } = connections.additionalProperties;
  const examples = adapters.flatMap(({ urls }) => urls.examples.slice(0, 1));
  const described = {
    ...connection,
    properties: { ...properties, url: { ...properties.url, examples } },
    allOf: adapters.map(schemaOfAdapter),
  };
  return {
    ...schema,
    properties: { ...schema.properties, connections: { ...connections, additionalProperties: described } },
  };
}

function schemaOfAdapter(adapter: DescribedAdapter): Schema {
  const { urls, table, title, name, options } = adapter;
  const texts = new Map(documentedOptions(name, options).map((one) => [one.name, one]));
  const rules = Object.entries<OptionRule<unknown>>(table.rules);
  const inFile = rules.filter(([option, rule]) => inConfiguration(rule, texts.get(option)?.type ?? ""));
  const properties = inFile.map(([option, rule]) => {
    const { text = "", default: fallback } = texts.get(option) ?? {};
    const description = `${text}${fallback === undefined ? "" : ` Default: ${fallback}.`}`;
    return [option, { description, ...schemaOfOption(rule) }] as const;
  });
  const parameters = [
    ...rules.flatMap(([option, { inUrl }]) => (inUrl === false ? [] : [inUrl === true ? option : inUrl])),
    ...Object.keys(urls.parameters ?? {}),
  ];
  return {
    type: "object",
    if: {
      type: "object",
      properties: { url: { type: "string", pattern: `^(?:${urls.schemes.join("|")}):` } },
      required: ["url"],
    },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: {
      type: "object",
      properties: {
        url: {
          type: "string",
          description: `${title}: ${urls.form}. Parameters: ${parameters.join(", ")}.`,
          examples: urls.examples,
          pattern: urlPattern(parameters),
        },
        options: {
          type: "object",
          description: `Options of ${title} that are not in the URL.`,
          properties: Object.fromEntries(properties),
          additionalProperties: false,
        },
      },
    },
  };
}

/** Any URL whose query has these parameters only. A variable may stand for anything in it. */
function urlPattern(parameters: readonly string[]): string {
  const variable = "\\$\\{[^}]*\\}";
  const parameter = `(?:${parameters.join("|")})=[^&#]*|${variable}`;
  return `^(?:${variable}|[^?])*(?:\\?(?:(?:${parameter})(?:&(?:${parameter}))*)?)?$`;
}

function schemaOfOption({ kind, range, choices, orBoolean, default: fallback }: OptionRule<unknown>): Schema {
  const known =
    ["number", "boolean", "string"].includes(typeof fallback) && fallback !== -1 ? { default: fallback } : {};
  if (range !== undefined) return { type: "integer", minimum: range.min, maximum: range.max, ...known };
  if (choices !== undefined) return { anyOf: [{ enum: choices }, VARIABLE], ...known };
  if (kind === "boolean") return { type: "boolean", ...known };
  if (kind === "list")
    return { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" }, minItems: 1 }] };
  if (kind === "object") return orBoolean === true ? { type: ["boolean", "object"] } : { type: "object" };
  return { type: "string", ...known };
}
