import type { AnyTopic } from "@anytopic/core";
import type { Command, CommandContext } from "../command.ts";
import { figuresOfFile, figuresOfFlags, FIGURE_OPTIONS, readJsonFile, type TopicEntry } from "../cost-figures.ts";
import {
  type CostPackage,
  type DeclaredTopic,
  importCostPackage,
  type ListPrices,
  type MeasuredLoad,
} from "../cost-package.ts";
import { findTopic } from "../declarations.ts";
import { parseDurationMs } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import type { Given } from "../given.ts";
import { parseAmount } from "../parse-amount.ts";
import { type Settings, withPubSub } from "../settings.ts";
import { shownCosts, shownExplanation } from "../shown-costs.ts";
import { UsageError } from "../usage-error.ts";

/** `anytopic cost` */
export const cost: Command = {
  name: "cost",
  operands: "[topic …]",
  operandCount: [0, 1000],
  summary: "compare what a load costs each month on AWS, Google Cloud and other brokers",
  details: `By dated list prices, from the declarations and from what you say of the load; --explain shows each line, its price and what is taken
for granted. Contacts nobody, unless --measured counts what is published on the broker, through temporary subscriptions.
--load FILE has figures of single topics: { "topics": { "orders": { "messagesPerMonth": 1e7, "bytes": 900, "subscriptions": {
"bill": { "retriesPerMessage": 0.02, "handlingMs": 800 } } } } }. --prices FILE replaces prices: { "prices": { "sqs-standard": { "price": 0.3 } } }.`,
  example: "anytopic cost --declarations ./topics.ts --messages 10M --bytes 1024 --monthly nats=49",
  options: {
    ...FIGURE_OPTIONS,
    load: { type: "string", value: "FILE", description: "figures of single topics, as JSON; win over the flags" },
    measured: {
      type: "string",
      value: "TIME",
      description: "count messages and bytes on the broker for so long, such as 60s; wins over both",
    },
    monthly: {
      type: "string",
      value: "BROKER=SUM",
      multiple: true,
      description: "what nats, rabbitmq or redis costs a month; may be repeated",
    },
    prices: { type: "string", value: "FILE", description: "your prices, as JSON" },
    "free-tiers": { type: "boolean", description: "subtract what is free each month; an account has it once" },
    "sns-sends-count": { type: "boolean", description: "count what SNS sends to SQS as requests to SQS" },
    explain: { type: "boolean", description: "show how each sum comes about" },
  },
  offline: true,
  async run(context) {
    const { given, settings, output } = context;
    const model = await importCostPackage();
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const named = given.positionals.map((name) => findTopic(declarations, name));
    const topics = named.length > 0 ? named : declarations.filter((one) => one.kind === "topic");
    const subscriptions = declarations.filter((one) => one.kind === "subscription");
    const declared = model.declaredTopics(topics, subscriptions);
    const flags = figuresOfFlags(given, model);
    const file = given.text("load");
    const entries = file === undefined ? new Map<string, TopicEntry>() : await figuresOfFile(file, declared, model);
    const list = await pricesOf(given.text("prices"), model);
    const monthly = monthlySums(given.texts("monthly"), model);
    const measured = await measure(context, resolved, topics);

    const loads = declared.map((topic) => {
      const entry = entries.get(topic.name);
      const seen = measured === undefined ? {} : model.measuredFigures(measured, topic.name);
      const figures = { ...flags, ...entry?.figures, ...known(seen ?? {}) };
      return model.topicLoad(topic, figures, (name) => entry?.subscriptions.get(name) ?? {});
    });
    const load = {
      topics: loads,
      monthly,
      freeTiers: given.flag("free-tiers"),
      snsSendsCount: given.flag("sns-sends-count"),
    };
    const comparison = model.compareCosts(load, list);
    const { date, currency, region } = list;
    output.result(
      { prices: { date, currency, region }, measured: measured ?? null, load, ...documentOf(comparison) },
      () =>
        [
          ...(measured === undefined ? [] : [shownMeasured(measured, declared)]),
          shownCosts(comparison, list),
          ...(given.flag("explain") ? [shownExplanation(comparison, list, model)] : []),
        ].join("\n\n"),
    );
    return EXIT.ok;
  },
};

/** JSON has no undefined. */
function documentOf(comparison: object): object {
  const text = JSON.stringify(comparison, (_key, value: unknown) => (value === undefined ? null : value));
  return JSON.parse(text) as object;
}

async function pricesOf(path: string | undefined, model: CostPackage): Promise<ListPrices> {
  if (path === undefined) return model.LIST_PRICES;
  const json = await readJsonFile("prices", path);
  try {
    return model.checkedPrices(json, model.LIST_PRICES);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`--prices ${path}: ${error.message}`, "anytopic cost --help has an example");
  }
}

function monthlySums(texts: readonly string[], { MONTHLY_BROKERS }: CostPackage): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name = "", sum = ""] = /^([^=]*)=(.*)$/.exec(text) ?? [];
      if (MONTHLY_BROKERS.includes(name)) return [name, parseAmount("monthly", sum)];
      throw new UsageError(
        `--monthly is ${JSON.stringify(text)}: must be a broker and a sum, such as nats=49`,
        `brokers that are paid by the month are ${MONTHLY_BROKERS.join(", ")}`,
      );
    }),
  );
}

async function measure(
  { given, signal, output }: CommandContext,
  settings: Settings,
  topics: readonly AnyTopic[],
): Promise<MeasuredLoad | undefined> {
  const text = given.text("measured");
  if (text === undefined) return undefined;
  const forMs = measuringMs(given, text);
  const { config } = settings.load;
  const url = config.connections[config.default]?.url ?? "";
  if (/^memory:/i.test(url))
    throw new UsageError("--measured needs a broker: a broker in memory is empty", "--url nats://127.0.0.1:4222");
  // It creates subscriptions and so needs core, which the help does not need.
  const { measureTopics } = await import("../measure-topics.ts");
  const { TailJournal } = await import("@anytopic/core/tail");
  output.note(`counting on ${topics.map(({ name }) => name).join(", ")} for ${text}; Ctrl-C ends without a result`);
  return await withPubSub(
    settings,
    { signal },
    async (pubsub) => await measureTopics(pubsub, topics, new TailJournal(url), forMs, signal),
  );
}

const MEASURED_MS = { min: 1000, max: 86_400_000 };

function measuringMs(given: Given, text: string): number {
  if (given.text("messages") !== undefined || given.text("rate") !== undefined)
    throw new UsageError("--measured counts the messages: leave out --messages and --rate", "anytopic cost --help");
  const forMs = parseDurationMs("measured", text);
  if (forMs >= MEASURED_MS.min && forMs <= MEASURED_MS.max) return forMs;
  throw new UsageError(`--measured is ${JSON.stringify(text)}: must be 1s to 24h`, "an hour says more than a minute");
}

function shownMeasured({ measuredMs, topics }: MeasuredLoad, declared: readonly DeclaredTopic[]): string {
  const counts = declared.map(({ name }) => {
    const { messages = 0, bytes } = topics.find(({ topic }) => topic === name) ?? {};
    const size = bytes === undefined ? "" : ` of ${Math.round(bytes)} bytes`;
    return `${name}: ${messages.toLocaleString("en-US")} messages${size}`;
  });
  const seconds = Math.round(measuredMs / 1000);
  return `Measured for ${seconds} s, taken for a whole month: ${counts.join("; ")}.
Not measured, from flags and --load: retries, handling times, workers, publishers.`;
}

function known(figures: Partial<Record<string, number | undefined>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
