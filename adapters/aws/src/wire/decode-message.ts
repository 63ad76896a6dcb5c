import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import {
  DEAD_LETTER_ATTRIBUTE,
  EXPIRES_ATTRIBUTE,
  isPlainId,
  RESERVED_ATTRIBUTE_PREFIX,
  type StoredMessage,
} from "@anytopic/core/driver";
import { legalOrHash } from "./fifo-ids.ts";
import { type BodyEncoding, METADATA_ATTRIBUTE, type Metadata, readMetadata } from "./metadata.ts";
import { readEnvelope } from "./sns-envelope.ts";

/** A received message, decoded. */
export interface DecodedMessage extends StoredMessage {
  readonly native: Message;
}

/** Where a message was received: in the subscription's queue, or among its dead letters. */
export type Origin = "queue" | "letters";

/** The last moment that a `Date` can express. */
const MAX_TIME_MS = 8_640_000_000_000_000;

/**
 * Reads our messages and foreign ones: without attributes, with other types of attributes, or inside the JSON envelope of
 * a subscription without raw delivery. Never throws.
 *
 * Everybody who may publish to the topic writes body and attributes, and also our metadata. From the metadata we take the
 * id, the time, the packed attributes and the absence of a key. A key counts only when it belongs to the message group. A
 * dead-letter record is trusted only in the dead-letter queue, and not when SQS itself says that it moved the message there.
 *
 * @param topicName the SNS topic's name: an envelope of another topic is an ordinary body
 * @param fifo whether the message group of a foreign message is its ordering key
 */
export function decodeMessage(message: Message, topicName: string, fifo: boolean, origin: Origin): DecodedMessage {
  const own = message.MessageAttributes;
  const ours = origin === "letters" && message.Attributes?.DeadLetterQueueSourceArn === undefined;
  const metadataText = own?.[METADATA_ATTRIBUTE]?.StringValue;
  const envelope = metadataText === undefined ? readEnvelope(message.Body ?? "", topicName) : undefined;
  const metadata = readMetadata(envelope === undefined ? metadataText : envelope.attributes[METADATA_ATTRIBUTE]);
  const text = envelope?.body ?? message.Body ?? "";
  const attributes = envelope?.attributes ?? nativeAttributes(own);
  const group = fifo ? message.Attributes?.MessageGroupId : undefined;
  const id = metadata?.id ?? envelope?.id ?? "";
  const publishTimeMs = metadata?.time ?? envelope?.timeMs ?? -1;

  return {
    id: isPlainId(id) ? id : (message.MessageId ?? ""),
    body: metadata === undefined ? Buffer.from(text, "utf8") : decodeBody(text, metadata.encoding),
    attributes: withoutReserved(Object.assign(attributes, metadata?.attributes), ours),
    orderingKey: keyOf(metadata, group, ours),
    publishTimeMs: isTime(publishTimeMs) ? publishTimeMs : sentAt(message),
    native: message,
  };
}

function keyOf(metadata: Metadata | undefined, group: string | undefined, ours: boolean): string | undefined {
  const key = metadata?.key;
  if (key === undefined) return group;
  if (key === null) return undefined;
  // A letter that we stored has its own group.
  return ours || group === undefined || legalOrHash(key) === group ? key : group;
}

function isTime(ms: number): boolean {
  return ms >= 0 && ms <= MAX_TIME_MS;
}

/** By the clock of SQS. */
function sentAt({ Attributes }: Message): number {
  const ms = Number(Attributes?.SentTimestamp ?? 0);
  return isTime(ms) ? ms : 0;
}

function decodeBody(text: string, encoding: BodyEncoding | undefined): Buffer {
  return encoding === "empty" ? Buffer.alloc(0) : Buffer.from(text, encoding ?? "utf8");
}

function nativeAttributes(own: Record<string, MessageAttributeValue> | undefined): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>;
  for (const name in own) {
    const value = own[name];
    if (value?.StringValue !== undefined) attributes[name] = value.StringValue;
    else if (value?.BinaryValue !== undefined) attributes[name] = Buffer.from(value.BinaryValue).toString("base64");
  }
  return attributes;
}

/** Without reserved attributes, except the time of expiry and, where we wrote it, the dead-letter record. */
function withoutReserved(attributes: Record<string, string>, ours: boolean): Record<string, string> {
  for (const name in attributes) {
    if ((ours && name === DEAD_LETTER_ATTRIBUTE) || name === EXPIRES_ATTRIBUTE) continue;
    const isReserved = name.slice(0, RESERVED_ATTRIBUTE_PREFIX.length).toLowerCase() === RESERVED_ATTRIBUTE_PREFIX;
    // oxlint-disable-next-line typescript/no-dynamic-delete -- a record without prototype
    if (isReserved) delete attributes[name];
  }
  return attributes;
}
