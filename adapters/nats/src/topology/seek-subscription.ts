import { pause, type SeekPosition, type SubscriptionSpec } from "@anytopic/core/driver";
import { type ConsumerConfig, JetStreamApiError } from "@nats-io/jetstream";
import type { Connection } from "../connection.ts";
import { ErrCode, toPubSubError } from "../errors.ts";
import { NANOSECONDS_PER_MS } from "../limits.ts";
import { nextConsumerName, subscriptionNames, timeProbeName, type SubscriptionNames } from "../names.ts";
import { currentPosition, existing, seekDescription } from "./consumer-position.ts";
import { subscriptionConsumer } from "./topology-config.ts";

const PROBE_MS = 5000;
/** How often another process may seek the same subscription at the same time. */
const MAX_TRIES = 10;
const RETRY_MS = 50;

/**
 * Puts a subscription to another position: creates its next consumer, which starts there, then deletes the former one. Workers notice that theirs is
 * gone and look for the newest. An ack of a delivery of the former one goes to its name, which nothing has until seven more seeks.
 */
export async function seekSubscription(
  connection: Connection,
  spec: SubscriptionSpec,
  to: SeekPosition,
): Promise<void> {
  const names = subscriptionNames(connection.options.prefix, spec);
  const { stream } = names;
  const { consumers, streams } = connection.jsm;
  try {
    for (let tries = 1; ; tries += 1) {
      const former = await currentPosition(connection, spec);
      try {
        // Before anything is created: what is stored from now on must come.
        const { last_seq: last } = (await streams.info(stream)).state;
        const durable_name = nextConsumerName(names, former.names.consumer);
        const { config } = subscriptionConsumer(connection.options, spec);
        const start = await startOf(connection, names, to, last);
        await consumers.add(stream, { ...config, durable_name, description: seekDescription(last), ...start });
        break;
      } catch (error) {
        // Mostly, another process is just creating the same consumer, for another position.
        if (tries === MAX_TRIES || !(error instanceof JetStreamApiError)) throw error;
      }
      await pause(connection.context.clock, RETRY_MS);
    }
    // All but the newest, also what an interrupted seek has left.
    for (const { name } of (await existing(connection, names)).slice(0, -1)) await remove(connection, stream, name);
  } catch (error) {
    throw toPubSubError(error, `seek consumer ${stream}/${names.consumer}`);
  }
}

async function startOf(
  connection: Connection,
  names: SubscriptionNames,
  to: SeekPosition,
  last: number,
): Promise<Pick<ConsumerConfig, "deliver_policy" | "opt_start_seq">> {
  if (to === "beginning") return { deliver_policy: "all" };
  const start = to === "end" ? last + 1 : await firstSince(connection, names, to);
  return { deliver_policy: "by_start_sequence", opt_start_seq: start };
}

/**
 * The sequence of the first message that was stored at this time or later. A short-lived consumer tells it: a consumer that
 * starts at a time itself can never be changed again (seen on 2.9.10: "start time can not be updated", whatever is changed).
 */
async function firstSince({ jsm }: Connection, names: SubscriptionNames, timeMs: number): Promise<number> {
  const name = timeProbeName(names);
  const { delivered } = await jsm.consumers.add(names.stream, {
    name,
    ack_policy: "none",
    deliver_policy: "by_start_time",
    opt_start_time: new Date(timeMs).toISOString(),
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: PROBE_MS * NANOSECONDS_PER_MS,
  });
  await jsm.consumers.delete(names.stream, name).catch(() => {});
  return delivered.stream_seq + 1;
}

async function remove({ jsm }: Connection, stream: string, name: string): Promise<void> {
  try {
    await jsm.consumers.delete(stream, name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== ErrCode.CONSUMER_NOT_FOUND) throw error;
  }
}
