import { setTimeout as pause } from "node:timers/promises";
import type { AnySubscription, PubSub, StatisticsKnown, SubscriptionStatistics } from "@anytopic/core";
import type { Command } from "../command.ts";
import { findSubscription, nameOf } from "../declarations.ts";
import { describeError } from "../describe-error.ts";
import { parseDurationMs, shownDuration } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { table } from "../output.ts";
import { withPubSub } from "../settings.ts";
import { UsageError } from "../usage-error.ts";

const DEFAULT_EVERY = "15s";
const MIN_EVERY_MS = 1000;
const FIELDS = ["waiting", "inFlight", "delayed", "oldestAgeMs", "deadLetters"] as const;

/** The numbers of one subscription, or why there are none. */
interface Reading {
  readonly subscription: string;
  readonly known: StatisticsKnown;
  readonly numbers: SubscriptionStatistics | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly exitCode: number;
}

/** `anytopic stats` */
export const stats: Command = {
  name: "stats",
  operands: "[topic/subscription]",
  operandCount: [0, 1],
  summary: "show the backlog of every subscription, its age, and its dead letters",
  details: `What the broker says now: ~ is the broker's estimate, - is what it does not tell. Changes nothing. Without --watch the exit code is 1
when a subscription cannot be read. With --watch it reads again and again until Ctrl-C; with --json each reading is a line.`,
  example: "anytopic stats signups/send-welcome-email --watch --every 30s",
  options: {
    watch: { type: "boolean", description: "read again and again" },
    every: {
      type: "string",
      value: "PAUSE",
      description: `the pause of --watch, 1s or more; ${DEFAULT_EVERY} unless it is given`,
    },
  },
  async run({ given, settings, output, signal }) {
    const watch = given.flag("watch");
    const everyMs = pauseMs(given.text("every"), watch);
    const [name] = given.positionals;
    const resolved = await settings();
    const declarations = await resolved.declarations();
    const chosen =
      name === undefined
        ? declarations.filter((one) => one.kind === "subscription")
        : [findSubscription(declarations, name)];
    return await withPubSub(resolved, { signal }, async (pubsub) => {
      for (;;) {
        const readings = await Promise.all(chosen.map((one) => read(pubsub, one)));
        const document = { time: new Date().toISOString(), subscriptions: readings.map(shownDocument) };
        if (!watch) {
          output.result(document, () => shownTable(readings));
          return Math.max(EXIT.ok, ...readings.map(({ exitCode }) => exitCode));
        }
        output.item(document, () => `${document.time}\n${shownTable(readings)}\n`);
        // Ctrl-C is how it ends.
        if (await pause(everyMs, false, { signal }).catch(() => true)) return EXIT.ok;
      }
    });
  },
};

function pauseMs(text: string | undefined, watch: boolean): number {
  if (text !== undefined && !watch) throw new UsageError("--every needs --watch", "anytopic stats --watch --every 30s");
  const ms = parseDurationMs("every", text ?? DEFAULT_EVERY);
  if (ms >= MIN_EVERY_MS) return ms;
  throw new UsageError(`--every is ${JSON.stringify(text)}: must be 1s or more`, `${DEFAULT_EVERY} is often enough`);
}

async function read(pubsub: PubSub, subscription: AnySubscription): Promise<Reading> {
  const known = pubsub.capabilities.statistics;
  const name = nameOf(subscription);
  try {
    return {
      subscription: name,
      known,
      numbers: await pubsub.stats(subscription),
      error: undefined,
      exitCode: EXIT.ok,
    };
  } catch (error) {
    const { code, message, exitCode } = describeError(error);
    return { subscription: name, known, numbers: undefined, error: { code, message }, exitCode };
  }
}

function shownDocument({ subscription, numbers, error }: Reading): object {
  // JSON has no undefined.
  const shown = FIELDS.map((field) => [field, numbers?.[field] ?? null]);
  return { subscription, ...(Object.fromEntries(shown) as object), error: error ?? null };
}

function shownTable(readings: readonly Reading[]): string {
  const rows = readings.map(({ subscription, known, numbers, error }) => {
    if (numbers === undefined) return [subscription, `${error?.code}: ${error?.message}`];
    return [subscription, ...FIELDS.map((field) => cell(field, numbers[field], known[field] === "approximate"))];
  });
  // An error is longer than any number, and stands alone.
  const failed = rows.filter((row) => row.length === 2).map(([name, why]) => `${name}  ${why}`);
  const read = rows.filter((row) => row.length > 2);
  const header = ["SUBSCRIPTION", "WAITING", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD LETTERS"];
  return [...(read.length > 0 || failed.length === 0 ? [table(header, read)] : []), ...failed].join("\n");
}

function cell(field: (typeof FIELDS)[number], value: number | undefined, approximate: boolean): string {
  if (value === undefined) return "-";
  const shown = field === "oldestAgeMs" ? shownDuration(value) : value.toLocaleString("en-US");
  // Nothing is nothing, also as an estimate.
  return approximate && value > 0 ? `~${shown}` : shown;
}
