import type { AnySubscription } from "@anytopic/core";
import type { LettersOverview } from "../../api/letters.ts";
import type { DashboardContext } from "../../context.ts";
import type { Route } from "../../http/route.ts";
import { deskOf } from "../../letters/letter-desk.ts";
import { wireTime } from "../../letters/wire-time.ts";

type Row = LettersOverview["rows"][number];

const AT_ONCE = 8;
/** Every visitor's page asks; the broker is asked so often at most. */
const FRESH_MS = 10_000;

const last = new WeakMap<DashboardContext, { readonly timeMs: number; readonly rows: Promise<readonly Row[]> }>();

/** The number of letters of every subscription. */
export const lettersRoute: Route = {
  method: "GET",
  path: "letters",
  async run({ query }, context): Promise<LettersOverview> {
    const known = last.get(context);
    if (known !== undefined && query.get("fresh") === null && Date.now() - known.timeMs < FRESH_MS) {
      return { rows: await known.rows };
    }
    const rows = countAll(context);
    last.set(context, { timeMs: Date.now(), rows });
    rows.catch(() => last.delete(context));
    return { rows: await rows };
  },
};

async function countAll(context: DashboardContext): Promise<readonly Row[]> {
  await context.pubsub();
  const rows: Row[] = [];
  const entries = context.subscriptions.entries();
  const work = async (): Promise<void> => {
    for (const [index, subscription] of entries) rows[index] = await rowOf(subscription, context);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return rows;
}

async function rowOf(subscription: AnySubscription, context: DashboardContext): Promise<Row> {
  const of = `${subscription.topic.name}/${subscription.name}`;
  const pubsub = await context.pubsub();
  const newest = newestOf(of, context);
  const known = pubsub.capabilities.statistics.deadLetters;
  try {
    const { deadLetters: count } = await pubsub.stats(subscription, { signal: context.closed });
    const why = count === undefined ? `${pubsub.adapter} does not tell the number without reading all letters` : null;
    return { of, count: count ?? null, exactly: known === "exact", newest, why };
  } catch (error) {
    const why = error instanceof Error ? error.message : "the broker did not answer";
    return { of, count: null, exactly: false, newest, why };
  }
}

function newestOf(of: string, context: DashboardContext): string | null {
  const times = (deskOf(context).reads.last(of)?.letters ?? []).map((letter) => letter.lastFailureTime.getTime());
  const newestMs = times.reduce((newest, time) => Math.max(newest, Number.isNaN(time) ? 0 : time), 0);
  return newestMs === 0 ? null : wireTime(new Date(newestMs));
}
