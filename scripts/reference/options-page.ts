import type { OptionRule } from "@anytopic/core/driver";
import { adapters, type DescribedAdapter } from "./adapters.ts";
import { type Documented, membersOf } from "./docstrings.ts";
import { code, markdownTable } from "./markdown-table.ts";

/** Options of core: the title of each table is in the page. */
const CORE: Readonly<Record<string, readonly [path: string, name: string]>> = {
  connect: ["core/src/connections/connect-options.ts", "ConnectOptions"],
  "publish-limits": ["core/src/options/publish-limits.ts", "PublishLimits"],
  topic: ["core/src/declare/topic.ts", "TopicOptions"],
  subscription: ["core/src/declare/subscription.ts", "SubscriptionOptions"],
  "retry-policy": ["core/src/declare/retry-policy.ts", "RetryPolicyOptions"],
  rate: ["core/src/declare/rate-limit.ts", "RateLimit"],
  circuit: ["core/src/declare/circuit-policy.ts", "CircuitPolicyOptions"],
  publish: ["core/src/publish/publish-options.ts", "PublishOptions"],
  subscribe: ["core/src/consume/worker.ts", "SubscribeOptions"],
  batch: ["core/src/consume/batch/batch-handler.ts", "BatchOptions"],
  drain: ["core/src/consume/drain/drain-options.ts", "Ends"],
  close: ["core/src/consume/worker.ts", "CloseOptions"],
};

/** Every option of core and of each adapter, with its default. */
export function optionsPage(): Readonly<Record<string, string>> {
  const core = Object.entries(CORE).map(([key, [path, name]]) => [key, coreTable(membersOf(path, name))] as const);
  return Object.fromEntries([...core, ...adapters.map((one) => [one.name, adapterPart(one)] as const)]);
}

function coreTable(members: readonly Documented[]): string {
  // In the options of a plain handler `batch` is there only to be absent.
  const shown = members.filter(({ type }) => type !== "undefined");
  const rows = shown.map(({ name, optional, type, text, default: fallback }) => [
    code(name),
    `${code(type.replace(/^\((.*)\)$/, "$1"))}${unitOf(name)}`,
    optional ? shownDefault(fallback) : "required",
    text,
  ]);
  return markdownTable(["option", "type", "default", "what it does"], rows);
}

function adapterPart(adapter: DescribedAdapter): string {
  const { urls, table, name, options } = adapter;
  const documented = new Map(documentedOptions(name, options).map((one) => [one.name, one]));
  const rows = Object.entries<OptionRule<unknown>>(table.rules).map(([option, rule]) => {
    const said = documented.get(option);
    if (said === undefined) throw new Error(`${name}: ${option} is in the table, and not in ${options}`);
    return [code(option), typeOf(rule, said), shownDefault(said.default), inUrl(adapter, option, rule), said.text];
  });
  const parameters = Object.entries(urls.parameters ?? {}).map(([parameter, what]) => [code(parameter), what]);
  const examples = urls.examples.map((url) => `    ${url}`).join("\n");
  return [
    `A URL is ${code(urls.form)}. Its schemes are ${urls.schemes.map((scheme) => code(`${scheme}:`)).join(" and ")}:`,
    examples,
    markdownTable(["option", "type", "default", "in the URL", "what it does"], rows),
    ...(parameters.length === 0
      ? []
      : ["A URL also has these parameters:", markdownTable(["parameter", "what it is"], parameters)]),
  ].join("\n\n");
}

/** Where an adapter has its docstrings: the memory adapter shares those of its limits. */
export function documentedOptions(name: string, options: string): readonly Documented[] {
  const own = membersOf(`adapters/${name}/src/options.ts`, options);
  return name === "memory" ? [...own, ...membersOf("adapters/memory/src/limits.ts", "MemoryLimits")] : own;
}

function typeOf(rule: OptionRule<unknown>, { type, name }: Documented): string {
  const { kind, range, choices } = rule;
  if (range !== undefined) {
    const max = range.max === Number.MAX_SAFE_INTEGER ? "" : ` to ${range.max.toLocaleString("en-US")}`;
    return `number, ${range.min.toLocaleString("en-US")}${max === "" ? " or more" : max}${unitOf(name)}`;
  }
  if (choices !== undefined) return choices.map((choice) => code(JSON.stringify(choice))).join(", ");
  if (kind === "secret") return "text, never shown";
  if (kind === "list") return "text, or a list of texts";
  if (kind === "object") return `${code(type)}${inConfiguration(rule, type) ? "" : ", only in code"}`;
  return kind;
}

/** Objects that a configuration file can hold. */
const JSON_OBJECTS: ReadonlySet<string> = new Set(["ClientConfig", "TlsOptions"]);

/** Whether a configuration file can hold the option: a client or a function is only in code. */
export function inConfiguration({ kind, orBoolean }: OptionRule<unknown>, type: string): boolean {
  return kind !== "object" || orBoolean === true || JSON_OBJECTS.has(type);
}

function inUrl({ urls }: DescribedAdapter, option: string, { inUrl: place }: OptionRule<unknown>): string {
  const part = (urls.parts as Readonly<Record<string, string | undefined>>)[option];
  const parameter = place === false ? undefined : code(`?${place === true ? option : place}=`);
  return [part, parameter].filter((one) => one !== undefined).join(", ");
}

const shownDefault = (text: string | undefined): string =>
  text === undefined ? "none" : /^(?:"[^"]*"|[\d_,.]+|true|false)$/.test(text) ? code(digits(text)) : digits(text);
const digits = (text: string): string => text.replaceAll(/(?<=\d)_(?=\d)/g, ",");

function unitOf(name: string): string {
  if (name.endsWith("Ms")) return " ms";
  if (name.endsWith("Bytes")) return " bytes";
  return name.endsWith("Seconds") ? " s" : "";
}
