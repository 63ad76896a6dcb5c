import type { DeadLetterReason, PubSub, Subscription, Topic } from "@anytopic/core";
import { elapsed, oneLine, table } from "../record/table.ts";
import type { Matching } from "../record/matching.ts";
import type { AttemptOutcome, HandledEvent } from "../record/records.ts";
import { kitOf } from "../kit-of.ts";
import type { TestPubSub } from "../test-pub-sub.ts";

/** What a test looks at: the kit, or the `PubSub` of one. */
export type Seen = TestPubSub | PubSub;

/** How often a matcher expects something. */
export interface TimesOption {
  /** How often, exactly. @default at least once */
  readonly times?: number | undefined;
}

/** What a matcher of handled events expects. */
export interface HandledOptions extends TimesOption {
  /** How the attempts ended. @default "acked" */
  readonly outcome?: AttemptOutcome | undefined;
}

/** What a matcher of dead letters expects. */
export interface DeadLetteredOptions extends TimesOption {
  /** Why. @default for any reason */
  readonly because?: DeadLetterReason | undefined;
}

/** Whether something happened, and a text that shows what happened instead. */
export interface Report {
  readonly pass: boolean;
  readonly message: () => string;
}

const MOST_ROWS = 50;

export function publishedReport<Input, Event>(
  seen: Seen,
  topic: Topic<Input, Event>,
  matching: Matching<Event> | undefined,
  { times }: TimesOption = {},
): Report {
  const kit = kitOf(seen);
  const found = kit.published(topic, matching).length;
  return report(found, times, {
    expected: `${matchingText(matching)} published to topic "${topic.name}"`,
    rows: () => {
      const all = kit.published(topic);
      const shown = all.map(({ id, event, attributes, orderingKey }) => [
        id,
        oneLine(event),
        orderingKey ?? "",
        Object.keys(attributes).length === 0 ? "" : oneLine(attributes),
      ]);
      return rowsText(["id", "event", "key", "attributes"], shown, `nothing was published to topic "${topic.name}"`);
    },
  });
}

export function handledReport<Event>(
  seen: Seen,
  subscription: Subscription<Event>,
  matching: Matching<Event> | undefined,
  { times, outcome = "acked" }: HandledOptions = {},
): Report {
  const kit = kitOf(seen);
  const found = kit.handled(subscription, matching).filter((attempt) => attempt.outcome === outcome).length;
  const path = `${subscription.topic.name}/${subscription.name}`;
  return report(found, times, {
    expected: `${matchingText(matching)} handled by ${path}, with the outcome "${outcome}"`,
    rows: () => attemptsText(kit, subscription),
  });
}

export function deadLetteredReport<Event>(
  seen: Seen,
  subscription: Subscription<Event>,
  matching: Matching<Event> | undefined,
  { times, because }: DeadLetteredOptions = {},
): Report {
  const kit = kitOf(seen);
  const found = kit
    .handled(subscription, matching)
    .filter((attempt) => attempt.outcome === "dead-lettered" && (because ?? attempt.because) === attempt.because);
  const path = `${subscription.topic.name}/${subscription.name}`;
  return report(found.length, times, {
    expected: `${matchingText(matching)} dead-lettered by ${path}${because === undefined ? "" : `, because "${because}"`}`,
    rows: () => attemptsText(kit, subscription),
  });
}

function report(
  found: number,
  times: number | undefined,
  { expected, rows }: { readonly expected: string; readonly rows: () => string },
): Report {
  if (times !== undefined && !(Number.isInteger(times) && times >= 0)) {
    throw new TypeError(`times is ${times}: must be a whole number of at least 0`);
  }
  const pass = times === undefined ? found > 0 : found === times;
  const many = times === undefined ? "at least one event" : `${times} events`;
  const not = pass ? "not " : "";
  return { pass, message: () => `expected ${not}${many} ${expected}; found ${found}\n\n${rows()}` };
}

function matchingText(matching: unknown): string {
  if (matching === undefined) return "that was";
  return typeof matching === "function"
    ? "for which the function returns true, that was"
    : `with ${oneLine(matching)}, that was`;
}

function attemptsText<Event>(kit: TestPubSub, subscription: Subscription<Event>): string {
  const all = kit.handled(subscription);
  const startMs = all[0]?.startedAt.getTime() ?? 0;
  const row = ({ id, event, attempt, outcome, because, delayMs, error, startedAt }: HandledEvent<Event>) => [
    elapsed(startedAt.getTime() - startMs),
    id,
    String(attempt),
    outcome + (because === undefined ? "" : ` (${because})`) + (delayMs === undefined ? "" : ` in ${delayMs} ms`),
    oneLine(event),
    error === undefined ? "" : oneLine(error instanceof Error ? error.message : error),
  ];
  const none = `${subscription.topic.name}/${subscription.name} has handled nothing; ${kit.waiting(subscription).length} messages wait for delivery`;
  return rowsText(["time", "id", "attempt", "outcome", "event", "error"], all.map(row), none);
}

function rowsText(columns: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return `  ${none}`;
  const more = rows.length > MOST_ROWS ? `\n  … and ${rows.length - MOST_ROWS} more` : "";
  return table(columns, rows.slice(0, MOST_ROWS)) + more;
}
