import { PubSubError, type SubscriptionStatistics } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { Connection } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import type { SubscriptionNames } from "./names.ts";

/**
 * What the server says about one subscription: its consumer, the oldest message after the consumer's ack floor, and the stream of
 * its dead letters.
 *
 * A retry that waits for its delay is one of the unacknowledged messages, and the server does not tell them apart. A redriven
 * message of another subscription counts as waiting until this consumer has passed it.
 */
export async function readStatistics(
  connection: Connection,
  names: SubscriptionNames,
): Promise<SubscriptionStatistics> {
  const { jsm } = connection;
  if (!connection.connected) throw connection.unavailable();
  try {
    const [info, { state }] = await Promise.all([
      jsm.consumers.info(names.stream, names.consumer),
      jsm.streams.info(names.deadLetterStream),
    ]);
    const { num_pending: waiting, num_ack_pending: inFlight, ack_floor: floor } = info;
    const oldestAgeMs = waiting + inFlight === 0 ? 0 : await ageAfter(connection, names, floor.stream_seq);
    return { waiting, inFlight, delayed: undefined, oldestAgeMs, deadLetters: state.messages };
  } catch (error) {
    if (error instanceof PubSubError) throw error;
    throw toPubSubError(error, `statistics of consumer ${names.stream}/${names.consumer}`);
  }
}

/** The age of the first message after this place in the stream, by the clocks of the server and of this process; 0 when there is none. */
async function ageAfter(connection: Connection, { stream }: SubscriptionNames, sequence: number): Promise<number> {
  const { jsm, context } = connection;
  try {
    // The client's types know `next_by_subj` only without a place to start at.
    const request = { seq: sequence + 1, next_by_subj: ">" } as Parameters<typeof jsm.streams.getMessage>[1];
    const message = await jsm.streams.getMessage(stream, request);
    return message === null ? 0 : Math.max(0, context.clock.now() - message.time.getTime());
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === ErrCode.MESSAGE_NOT_FOUND) return 0;
    throw error;
  }
}
