import type { SeekPosition, SubscriptionSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import { MAX_RETENTION_SECONDS } from "../limits.ts";
import { subscriptionIds } from "../names.ts";

interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * Puts a subscription to another position: the service marks what was published before as acknowledged, and what was published since as not. The
 * subscription of redriven messages and of copies is emptied: their originals come again. By this process's clock, because the service
 * takes only times. https://cloud.google.com/pubsub/docs/replay-overview (2026-11-26)
 */
export async function seekSubscription(
  connection: Connection,
  spec: SubscriptionSpec,
  to: SeekPosition,
): Promise<void> {
  const { context, options, projectId } = connection;
  const ids = subscriptionIds(options.prefix, spec);
  const nowMs = context.clock.now();
  const oldestMs = Math.max(0, nowMs - MAX_RETENTION_SECONDS * 1000);
  const toMs = to === "end" ? nowMs : to === "beginning" ? oldestMs : Math.max(to, oldestMs);
  const nameOf = (id: string): string => `projects/${projectId}/subscriptions/${id}`;
  await Promise.all([
    seek(connection, nameOf(ids.redrive), timestamp(nowMs)),
    seek(connection, nameOf(ids.subscription), timestamp(toMs)),
  ]);
}

function timestamp(timeMs: number): Timestamp {
  const seconds = Math.floor(timeMs / 1000);
  return { seconds, nanos: Math.round((timeMs - seconds * 1000) * 1_000_000) };
}

async function seek({ clients, closed }: Connection, subscription: string, time: Timestamp): Promise<void> {
  const headers = { "x-goog-request-params": `subscription=${encodeURIComponent(subscription)}` };
  const request = { subscription, time };
  const call = clients.subscriber.innerApiCalls["seek"]?.(request, { otherArgs: { headers } }) as Cancellable;
  const cancel = (): void => call.cancel?.();
  closed.addEventListener("abort", cancel);
  try {
    await call;
  } catch (error) {
    closed.throwIfAborted();
    throw toPubSubError(error, {
      verb: "seek",
      resource: `subscription ${subscription}`,
      role: "roles/pubsub.subscriber",
    });
  } finally {
    closed.removeEventListener("abort", cancel);
  }
}

/** What the methods of the generated clients return cannot be cancelled, but what they call can. */
type Cancellable = Promise<unknown> & { cancel?(): void };
