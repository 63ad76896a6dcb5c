import { readFile } from "node:fs/promises";
import type { OptionSpecs } from "./command.ts";
import type { CostPackage, DeclaredTopic, Figures } from "./cost-package.ts";
import { parseDurationMs } from "./duration.ts";
import type { Given } from "./given.ts";
import { parseAmount } from "./parse-amount.ts";
import { UsageError } from "./usage-error.ts";

/** What one topic does, and where its subscriptions differ. */
export interface TopicEntry {
  readonly figures: Figures;
  readonly subscriptions: ReadonlyMap<string, Figures>;
}

/** Flags that say what all topics do. Their values are figures of the model. */
export const FIGURE_OPTIONS: OptionSpecs = {
  messages: { type: "string", value: "N", description: "messages a month to each topic, such as 10M (default: 1M)" },
  rate: { type: "string", value: "N", description: "instead: messages a second to each topic, in the active hours" },
  hours: { type: "string", value: "N", description: "active hours of a day, in which the messages come (default: 24)" },
  bytes: { type: "string", value: "N", description: "mean bytes of a body (default: 1024)" },
  publishers: { type: "string", value: "N", description: "processes that publish to a topic (default: 1)" },
  workers: { type: "string", value: "N", description: "processes that work on a subscription (default: 1)" },
  retries: { type: "string", value: "N", description: "mean retries of a message, such as 0.05 (default: 0)" },
  handling: { type: "string", value: "TIME", description: "mean time of a handler, such as 250ms (default: 100ms)" },
  passes: { type: "string", value: "N", description: "share of messages that a filter lets pass, 0 to 1 (default: 1)" },
  fill: { type: "string", value: "N", description: "messages in one request, 1 to 10 (default: from the rate)" },
};

const FIGURE_OF: Readonly<Record<string, string>> = {
  messages: "messagesPerMonth",
  hours: "activeHoursPerDay",
  bytes: "bytes",
  publishers: "publishers",
  workers: "workers",
  retries: "retriesPerMessage",
  passes: "passes",
  fill: "fill",
};
const OF_SUBSCRIPTIONS = ["retriesPerMessage", "workers", "handlingMs", "passes", "fill"];
const RATE = "ratePerSecond";

/** The figures of all topics, from flags. @throws UsageError */
export function figuresOfFlags(given: Given, model: CostPackage): Figures {
  if (given.text("messages") !== undefined && given.text("rate") !== undefined)
    throw new UsageError("--messages and --rate say the same: give one", "--rate 50 --hours 10");
  const figures: Record<string, number> = {};
  for (const [option, name] of Object.entries(FIGURE_OF)) {
    const text = given.text(option);
    if (text !== undefined) figures[name] = checked(model, `--${option}`, name, parseAmount(option, text));
  }
  const handling = given.text("handling");
  if (handling !== undefined)
    figures["handlingMs"] = checked(model, "--handling", "handlingMs", parseDurationMs("handling", handling));
  const rate = given.text("rate");
  return rate === undefined ? figures : withRate(figures, parseAmount("rate", rate), model);
}

/** The figures of single topics, from a file. @throws UsageError */
export async function figuresOfFile(
  path: string,
  topics: readonly DeclaredTopic[],
  model: CostPackage,
): Promise<ReadonlyMap<string, TopicEntry>> {
  const json = await readJsonFile("load", path);
  const entries = objectAt(path, json, ["topics"])["topics"] ?? {};
  const known = topics.map(({ name }) => name);
  return new Map(
    Object.entries(objectAt(`${path}: topics`, entries, known)).map(([name, entry]) => {
      const topic = topics.find((one) => one.name === name);
      return [name, topicEntry(`${path}: topics.${name}`, entry, topic?.subscriptions ?? [], model)];
    }),
  );
}

function topicEntry(
  what: string,
  json: unknown,
  subscriptions: DeclaredTopic["subscriptions"],
  model: CostPackage,
): TopicEntry {
  const fields = [...Object.keys(model.FIGURE_LIMITS), RATE, "subscriptions"];
  const { subscriptions: own = {}, ratePerSecond, ...given } = objectAt(what, json, fields);
  const names = subscriptions.map(({ name }) => name);
  const figures = numbersOf(what, given, model);
  const isRate = typeof ratePerSecond === "number" && ratePerSecond >= 0;
  if (ratePerSecond !== undefined && !isRate)
    throw new UsageError(`${what}.${RATE} is ${JSON.stringify(ratePerSecond)}: must be a number of 0 or more`);
  return {
    figures: isRate ? withRate(figures, ratePerSecond, model) : figures,
    subscriptions: new Map(
      Object.entries(objectAt(`${what}.subscriptions`, own, names)).map(([name, entry]) => {
        const at = `${what}.subscriptions.${name}`;
        return [name, numbersOf(at, objectAt(at, entry, OF_SUBSCRIPTIONS), model)];
      }),
    ),
  };
}

function withRate(figures: Figures, perSecond: number, model: CostPackage): Figures {
  const messagesPerMonth = model.messagesOfRate(perSecond, figures["activeHoursPerDay"] ?? 24);
  return { ...figures, messagesPerMonth: checked(model, "the rate", "messagesPerMonth", messagesPerMonth) };
}

function numbersOf(what: string, json: Readonly<Record<string, unknown>>, model: CostPackage): Figures {
  const entries = Object.entries(json);
  return Object.fromEntries(entries.map(([name, value]) => [name, checked(model, `${what}.${name}`, name, value)]));
}

function checked(model: CostPackage, what: string, name: string, value: unknown): number {
  const problem = model.figureProblem(name, value);
  if (problem === undefined) return value as number;
  throw new UsageError(`${what} is ${JSON.stringify(value)}: ${problem}`, "anytopic cost --help");
}

/** @throws UsageError when it is no object, or has other fields */
function objectAt(what: string, json: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new UsageError(
      `${what}: must be an object, not ${JSON.stringify(json)}`,
      "docs/guides/cost.md has an example",
    );
  const name = Object.keys(json).find((one) => !known.includes(one));
  if (name === undefined) return json as Readonly<Record<string, unknown>>;
  const names = known.length === 0 ? "there are none here" : `known are ${known.join(", ")}`;
  throw new UsageError(`${what}: ${JSON.stringify(name)} is unknown`, names, { unknown: { name, known } });
}

/** @throws UsageError */
export async function readJsonFile(option: string, path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new UsageError(`--${option} ${path}: cannot be read: ${(cause as Error).message}`, "check the path", {
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(
      `--${option} ${path}: is no JSON: ${(cause as Error).message}`,
      "docs/guides/cost.md has an example",
      {
        cause,
      },
    );
  }
}
