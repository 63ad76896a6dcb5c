import type { StoredMessage } from "@anytopic/core/driver";
import { JetStreamApiError, type StoredMsg } from "@nats-io/jetstream";
import { parseAckSubject } from "../wire/ack-subject.ts";
import { brokerId, decodeHeaders, decodeHeadersOf } from "../codec.ts";
import type { Connection } from "../connection.ts";
import { ErrCode } from "../errors.ts";
import type { Fetched } from "../receive/fetch.ts";
import type { SubscriptionNames } from "../names.ts";
import { redriveTargetOf } from "./redrive-target.ts";

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
  const ack = parseAckSubject(reply);
  const sequence = ack?.streamSequence ?? 0;
  const metadata = decodeHeadersOf(message, "letter");
  const letter = {
    id: metadata.id ?? brokerId(names.deadLetterStream, sequence),
    body: message.data,
    attributes: metadata.attributes,
    orderingKey: metadata.orderingKey,
    publishTimeMs: metadata.publishTimeMs ?? ack?.timestampMs ?? 0,
    native: message,
  };
  if (message.subject !== names.backstopSubject) return letter;
  const advised = advisedSequence(letter.body);
  // Not the server's words: somebody else's message, shown as it is.
  return advised === undefined ? letter : backstopLetter(connection, names, advised);
}

/** The sequence that an advisory names; undefined when the text is none. */
function advisedSequence(advisory: Uint8Array): number | undefined {
  try {
    const { stream_seq: sequence } = JSON.parse(Buffer.from(advisory).toString()) as { readonly stream_seq?: unknown };
    return Number.isSafeInteger(sequence) && (sequence as number) > 0 ? (sequence as number) : undefined;
  } catch {
    return undefined;
  }
}

async function backstopLetter(
  connection: Connection,
  names: SubscriptionNames,
  sequence: number,
): Promise<StoredMessage | undefined> {
  try {
    const stored = await connection.jsm.streams.getMessage(names.stream, { seq: sequence });
    if (stored === null) return undefined;
    const target = redriveTargetOf(stored.subject);
    // Never delivered to this subscription: an advisory that names it is not the server's.
    if (target !== undefined && target !== names.consumer) return undefined;
    const metadata = decodeHeaders(headersOf(stored), target === undefined ? "event" : "redriven");
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

/** The header block as it was sent: the client's `header` throws on what it cannot read. Its types do not tell of `smr`. */
function headersOf(stored: StoredMsg): Uint8Array {
  const { smr } = stored as StoredMsg & { readonly smr?: { readonly message?: { readonly hdrs?: unknown } } };
  const hdrs = smr?.message?.hdrs;
  if (typeof hdrs === "string") return Buffer.from(hdrs, "base64");
  return new Uint8Array(0);
}
