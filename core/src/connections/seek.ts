import { PubSubError } from "../base/errors.ts";
import { requireOpen } from "../base/require-open.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { requireWithin } from "../base/within.ts";
import type { AnySubscription, Subscription } from "../declare/subscription.ts";
import { subscriptionPath } from "../declare/subscription.ts";
import { requireKind } from "../declare/wrong-argument.ts";
import type { Clock } from "../base/clock.ts";
import type { SeekPosition } from "../driver.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionRouter } from "./connection-router.ts";
import { type SeekOptions, seekPosition } from "./seek-options.ts";
import { subscriptionSpec } from "./specs.ts";

/** After this time `seek` rejects, in ms. The broker may still do it. */
export const SEEK_TIMEOUT_MS = 30_000;

/** Puts a subscription to another position, on all its connections. */
export async function seekOn(
  router: ConnectionRouter,
  subscription: AnySubscription,
  options: SeekOptions,
  clock: Clock,
  closed: AbortSignal,
): Promise<void> {
  requireKind("subscription", subscription);
  // At once, because the caller may change the date.
  const to = seekPosition(options, clock);
  requireOpen(closed);
  options.signal?.throwIfAborted();
  await untilAborted(seekAll(router, subscription, to, clock), options.signal, closed);
}

/** Checks all connections before it changes anything. */
async function seekAll(
  router: ConnectionRouter,
  subscription: AnySubscription,
  to: SeekPosition,
  clock: Clock,
): Promise<void> {
  const path = subscriptionPath(subscription);
  const names = router.routes.connectionsOf(subscription);
  const connections = await Promise.all(names.map((name) => router.connection(name)));
  for (const connection of connections) requireSeek(connection, subscription, to, connections.length > 1);
  const effective = router.routes.effective(subscription as Subscription);
  const late = (): PubSubError =>
    new PubSubError(
      "TIMEOUT",
      `seek subscription "${path}": the broker did not answer within ${SEEK_TIMEOUT_MS / 1000} s; it may have happened, call it again`,
    );
  const seeking = connections.map(async ({ driver, names: physical }) => {
    await driver.seek?.(subscriptionSpec(effective, physical), to);
  });
  const ends = await requireWithin(clock, SEEK_TIMEOUT_MS, Promise.allSettled(seeking), late);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Refuses what this connection's broker cannot do, and what would be swallowed. */
function requireSeek(
  { adapter, capabilities }: Connection,
  subscription: AnySubscription,
  to: SeekPosition,
  several: boolean,
): void {
  const path = subscriptionPath(subscription);
  const { topic } = subscription;
  const refused = (why: string): PubSubError =>
    new PubSubError("NOT_SUPPORTED", `cannot seek subscription "${path}": ${why}`);
  if (capabilities.replay === "none") {
    throw refused(
      `the ${adapter.name} adapter has replay: "none"; keep the events in an archive and replay them from there, or choose an adapter that keeps handled messages`,
    );
  }
  if (!topic.replay) {
    throw refused(
      `topic "${topic.name}" is not declared with replay: true, so handled messages are not kept; declare it, and apply the declaration`,
    );
  }
  if (to === "end") return;
  const inbox = 'its inbox passes over every id that was handled; only { to: "end" } is possible';
  if (topic.deliveryGuarantee === "exactly-once") throw refused(`topic "${topic.name}" is exactly-once, and ${inbox}`);
  if (several) throw refused(`it receives from several connections, and ${inbox}`);
}
