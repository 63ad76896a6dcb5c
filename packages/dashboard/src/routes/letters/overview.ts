import type { AnySubscription, PubSub } from "@anytopic/core";
import type { LettersOverview } from "../../api/letters.ts";
import type { DashboardContext } from "../../context.ts";
import { pathOf } from "../../declared-subscription.ts";
import type { Route } from "../../http/route.ts";
import { deskOf } from "../../letters/letter-desk.ts";
import { wireTime } from "../../letters/wire-time.ts";
import { connectionsOf } from "../../topology/connections-of.ts";
import { knownStatistics } from "../../topology/known-statistics.ts";
import { reached } from "../../topology/reached.ts";

type Row = LettersOverview["rows"][number];
type Known = Awaited<ReturnType<typeof knownStatistics>>;

/** The number of letters of every subscription. */
export const lettersRoute: Route = {
  method: "GET",
  path: "letters",
  async run(_request, context): Promise<LettersOverview> {
    await context.watch.statistics.look();
    const { pubsub } = await reached(context);
    const known = await knownStatistics(pubsub);
    return { rows: context.subscriptions.map((subscription) => rowOf(subscription, pubsub, known, context)) };
  },
};

function rowOf(
  subscription: AnySubscription,
  pubsub: PubSub | undefined,
  known: Known,
  context: DashboardContext,
): Row {
  const { numbers, error } = context.watch.statistics.reading(subscription);
  const how = connectionsOf(pubsub, subscription).map((name) => known[name]?.deadLetters);
  const count = numbers?.deadLetters ?? null;
  const untold = how.includes("unknown")
    ? "the broker does not tell the number: open it to read the letters"
    : "not read yet";
  return {
    of: pathOf(subscription),
    count,
    exactly: how.every((one) => one === "exact"),
    newest: newestOf(pathOf(subscription), context),
    why: count !== null ? null : (error?.message ?? untold),
  };
}

function newestOf(of: string, context: DashboardContext): string | null {
  const times = (deskOf(context).reads.last(of)?.letters ?? []).map((letter) => letter.lastFailureTime.getTime());
  const newestMs = times.reduce((newest, time) => Math.max(newest, Number.isNaN(time) ? 0 : time), 0);
  return newestMs === 0 ? null : wireTime(new Date(newestMs));
}
