import type { StoredMessage } from "@anytopic/core/driver";
import { JetStreamApiError, type StoredMsg } from "@nats-io/jetstream";
import { decodeHeaders, type Metadata } from "../codec.ts";
import type { Connection } from "../connection.ts";
import { ErrCode } from "../errors.ts";
import { brokerId, redriveTargetOf, type SubscriptionNames } from "../names.ts";
import type { Fetched } from "../receive/fetch.ts";
import { decodeHeadersOf } from "../wire/read-message.ts";

/**
 * Reads a message of the dead-letter stream. Either a worker stored it as a letter, or it is the server's advisory that a
 * message has reached `max_deliver`. That message is then read from the topic's stream.
 *
 * @returns undefined when the message of an advisory has expired
 */
export async function decodeLetter(
  connection: Connection,
  names: SubscriptionNames,
  { message, ack }: Fetched,
): Promise<StoredMessage | undefined> {
  const advised = names.backstopSubjects.includes(message.subject) ? advisedSequence(message.data) : undefined;
  if (advised !== undefined) return readAdvised(connection, names, advised);
  // Anything else on the subject of advisories is not from the server: it is shown as it is.
  const metadata = decodeHeadersOf(message, "letter");
  return storedMessage(metadata, message, names.deadLetterStream, ack.streamSequence, ack.timestampMs);
}

/** The sequence that an advisory names; undefined when this is not an advisory. */
function advisedSequence(advisory: Uint8Array): number | undefined {
  try {
    const { stream_seq: sequence } = JSON.parse(Buffer.from(advisory).toString()) as { readonly stream_seq?: unknown };
    return Number.isSafeInteger(sequence) && (sequence as number) > 0 ? (sequence as number) : undefined;
  } catch {
    return undefined;
  }
}

async function readAdvised(
  connection: Connection,
  names: SubscriptionNames,
  sequence: number,
): Promise<StoredMessage | undefined> {
  try {
    const stored = await connection.jsm.streams.getMessage(names.stream, { seq: sequence });
    if (stored === null) return undefined;
    const target = redriveTargetOf(stored.subject);
    // It was never delivered to this subscription, so the advisory is not from the server.
    if (target !== undefined && target !== names.subscription) return undefined;
    const metadata = decodeHeaders(headersOf(stored), target === undefined ? "event" : "redriven");
    return storedMessage(metadata, stored, names.stream, sequence, stored.time.getTime());
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === ErrCode.MESSAGE_NOT_FOUND) return undefined;
    throw error;
  }
}

function storedMessage(
  { id, attributes, orderingKey, publishTimeMs }: Metadata,
  native: { readonly data: Uint8Array },
  stream: string,
  sequence: number,
  storedMs: number,
): StoredMessage {
  return {
    id: id ?? brokerId(stream, sequence),
    body: native.data,
    attributes,
    orderingKey,
    publishTimeMs: publishTimeMs ?? storedMs,
    native,
  };
}

/** The header block as it was sent; the client's `header` throws on what it cannot read. `smr` is not part of its types. */
function headersOf(stored: StoredMsg): Uint8Array {
  const { smr } = stored as StoredMsg & { readonly smr?: { readonly message?: { readonly hdrs?: unknown } } };
  const hdrs = smr?.message?.hdrs;
  return typeof hdrs === "string" ? Buffer.from(hdrs, "base64") : new Uint8Array(0);
}
