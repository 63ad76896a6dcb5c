import type { SeekPlace, SubscriptionSpec } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { nextConsumerName, subscriptionNames } from "./names.ts";
import { currentPlace, existing, seekDescription } from "./topology/consumer-place.ts";
import { subscriptionConsumer } from "./topology/topology-config.ts";

/** How often another process may seek the same subscription at the same time. */
const MAX_TRIES = 5;

/**
 * Puts a subscription to another place: creates its next consumer, which starts there, then deletes the former one. Workers notice that theirs is
 * gone and look for the newest. An ack of a delivery of the former one goes to its name, which nothing has until seven more seeks.
 */
export async function seekSubscription(connection: Connection, spec: SubscriptionSpec, to: SeekPlace): Promise<void> {
  const names = subscriptionNames(connection.options.prefix, spec);
  const { stream } = names;
  const { consumers, streams } = connection.jsm;
  try {
    for (let tries = 1; ; tries += 1) {
      const former = await currentPlace(connection, spec);
      // Before anything is created: what is stored from now on must come.
      const { last_seq: last } = (await streams.info(stream)).state;
      const durable_name = nextConsumerName(names, former.names.consumer);
      const { config } = subscriptionConsumer(connection.options, spec);
      const settings = { ...config, durable_name, description: seekDescription(last), ...startOf(to, last) };
      try {
        await consumers.add(stream, settings);
      } catch (error) {
        // Another process is just creating it, for another place.
        if (tries === MAX_TRIES || !(error instanceof JetStreamApiError)) throw error;
        const isThere = (await existing(connection, names)).some(({ name }) => name === durable_name);
        if (!isThere) throw error;
        continue;
      }
      break;
    }
    // All but the newest, also what an interrupted seek has left.
    for (const { name } of (await existing(connection, names)).slice(0, -1)) await remove(connection, stream, name);
  } catch (error) {
    throw toPubSubError(error, `seek consumer ${stream}/${names.consumer}`);
  }
}

function startOf(to: SeekPlace, last: number): object {
  if (to === "beginning") return { deliver_policy: "all" };
  if (to === "end") return { deliver_policy: "by_start_sequence", opt_start_seq: last + 1 };
  return { deliver_policy: "by_start_time", opt_start_time: new Date(to).toISOString() };
}

async function remove({ jsm }: Connection, stream: string, name: string): Promise<void> {
  try {
    await jsm.consumers.delete(stream, name);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== ErrCode.CONSUMER_NOT_FOUND) throw error;
  }
}
