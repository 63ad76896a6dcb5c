import { adapters } from "./adapters.ts";
import { constantsOf, type Documented } from "./docstrings.ts";
import { code, markdownTable } from "./markdown-table.ts";
import * as aws from "../../adapters/aws/src/limits.ts";
import * as gcp from "../../adapters/gcp/src/limits.ts";
import * as memory from "../../adapters/memory/src/limits.ts";
import * as nats from "../../adapters/nats/src/limits.ts";
import * as rabbitmq from "../../adapters/rabbitmq/src/limits.ts";
import * as redis from "../../adapters/redis/src/limits.ts";

const VALUES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { aws, gcp, memory, nats, rabbitmq, redis };

const URL_TEXT = /https?:\/\/[^\s)]+[^\s).,:]/g;
const DATE = /\d{4}-\d\d-\d\d/;
const SAME = /\b[Ss]ame page\b/;
/** They count something, and limit nothing. */
const NO_LIMITS: ReadonlySet<string> = new Set(["NANOSECONDS_PER_MS"]);
const OURS = /\b(?:Ours?\b|Reserved\b|of ours\b)/;

/** The limits that each adapter keeps to: value, meaning, where it was read, and when. */
export function limitsPage(): Readonly<Record<string, string>> {
  return Object.fromEntries(adapters.map(({ name }) => [name, limitsOf(name)]));
}

function limitsOf(name: string): string {
  const { head, constants } = constantsOf(`adapters/${name}/src/limits.ts`);
  const headSource = linksOf(head);
  const [headDate = ""] = DATE.exec(head) ?? [];
  let previous = { source: headSource, date: headDate };
  const rows = constants
    .filter(({ name: constant }) => !NO_LIMITS.has(constant))
    .map((constant) => {
      const { name: limit, text } = constant;
      if (text === "") throw new Error(`${name}: ${limit} says nothing about itself`);
      const isSame = SAME.test(text);
      const source = isSame ? previous.source : sourceOf(constant, headSource);
      const read = isSame ? previous.date : source.startsWith("[") || source.startsWith("nats") ? headDate : "";
      const [date = read] = DATE.exec(text) ?? [];
      previous = { source, date };
      return [code(limit), shownValue(VALUES[name]?.[limit]), withoutSource(text), source, date];
    });
  return markdownTable(["limit", "value", "what it is", "source", "read"], rows);
}

/** A link of its own, a document without a link, a measurement, ours, or the page that the head of the file names. */
function sourceOf({ text }: Documented, head: string): string {
  const own = linksOf(text);
  if (own !== "") return own;
  const file = /nats-server `([^`]+)`/.exec(text)?.[1];
  if (file !== undefined) return `nats-server ${code(file)}`;
  if (text.includes("AMQP 0-9-1")) return "AMQP 0-9-1";
  if (/Seen on \d|^The official emulator/.test(text)) return "seen";
  return OURS.test(text) || head === "" ? "anytopic" : head;
}

function linksOf(text: string): string {
  return [...text.matchAll(URL_TEXT)].map(([url]) => `[${new URL(url).hostname}](${url})`).join(", ");
}

function withoutSource(text: string): string {
  return text
    .replaceAll(URL_TEXT, "")
    .replaceAll(/\s*\((?:[Rr]ead )?\d{4}-\d\d-\d\d\)/g, "")
    .replaceAll(/\s*\b(?:The same|Same) page\b\.?/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ([.,])/g, "$1")
    .trim();
}

function shownValue(value: unknown): string {
  if (typeof value === "number") return value.toLocaleString("en-US");
  if (Array.isArray(value)) return `${shownValue(value[0])} … ${shownValue(value.at(-1))}`;
  if (typeof value === "string") return code(value);
  return Object.entries(value as Readonly<Record<string, number>>)
    .map(([key, part]) => `${key} ${shownValue(part)}`)
    .join(", ");
}
