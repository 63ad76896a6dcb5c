import type { StoredMessage } from "@anytopic/core/driver";
import { JetStreamApiError } from "@nats-io/jetstream";
import { parseAckSubject } from "./ack-subject.ts";
import { brokerId, decodeHeaders } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { ErrCode } from "./errors.ts";
import type { Fetched } from "./fetch.ts";
import type { SubscriptionNames } from "./names.ts";

/**
 * A message of the dead-letter stream as a letter. Either we stored it, or it is the server's advisory that it gave up
 * on a message (`max_deliver`): that message is then read from the topic's stream.
 *
 * @returns undefined when the message that an advisory tells of has expired
 */
export async function letterOf(
  connection: Connection,
  names: SubscriptionNames,
  { message, reply }: Fetched,
): Promise<StoredMessage | undefined> {
  if (message.subject === names.backstopSubject) return backstopLetter(connection, names, message.string());
  const metadata = decodeHeaders(message.headers, true);
  const ack = parseAckSubject(reply);
  return {
    id: metadata.id ?? brokerId(names.deadLetterStream, ack?.streamSequence ?? 0),
    body: message.data,
    attributes: metadata.attributes,
    orderingKey: metadata.orderingKey,
    publishTimeMs: metadata.publishTimeMs ?? ack?.timestampMs ?? 0,
    native: message,
  };
}

async function backstopLetter(
  connection: Connection,
  names: SubscriptionNames,
  advisory: string,
): Promise<StoredMessage | undefined> {
  const { stream_seq: sequence } = JSON.parse(advisory) as { readonly stream_seq: number };
  try {
    const stored = await connection.jsm.streams.getMessage(names.stream, { seq: sequence });
    if (stored === null) return undefined;
    const metadata = decodeHeaders(stored.header, false);
    return {
      id: metadata.id ?? brokerId(names.stream, sequence),
      body: stored.data,
      attributes: metadata.attributes,
      orderingKey: metadata.orderingKey,
      publishTimeMs: metadata.publishTimeMs ?? stored.time.getTime(),
      native: stored,
    };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === ErrCode.MESSAGE_NOT_FOUND) return undefined;
    throw error;
  }
}
