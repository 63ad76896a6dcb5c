import type { SubscriptionStatistics } from "@anytopic/core/driver";
import type { Connection } from "./connection.ts";
import { notFound, toPubSubError } from "./errors.ts";
import type { SubscriptionNames } from "./names.ts";
import { STATISTICS } from "./scripts/statistics.ts";

/** What the server says about one subscription, at one moment: one script. */
export async function readStatistics(
  connection: Connection,
  names: SubscriptionNames,
): Promise<SubscriptionStatistics> {
  const { stream, again, due, parked, dead, group } = names;
  const what = `group ${group} of stream ${stream}`;
  let reply: unknown;
  try {
    reply = await connection.script(STATISTICS, [stream, again, due, parked, dead], [group]);
  } catch (error) {
    throw toPubSubError(error, `statistics of ${what}`);
  }
  if (reply === null) throw notFound(what);
  const [waiting = 0, inFlight = 0, delayed = 0, oldestAgeMs = 0, deadLetters = 0] = reply as readonly number[];
  return { waiting, inFlight, delayed, oldestAgeMs, deadLetters };
}
