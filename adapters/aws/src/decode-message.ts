import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";
import {
  RESERVED_ATTRIBUTE_PREFIX,
  DEAD_LETTER_ATTRIBUTE,
  type Attributes,
  type StoredMessage,
} from "@anytopic/core/driver";
import { type BodyEncoding, METADATA_ATTRIBUTE, readMetadata } from "./metadata.ts";
import { readEnvelope } from "./sns-envelope.ts";

/** What a received message means, whoever sent it. */
export interface DecodedMessage extends StoredMessage {
  readonly native: Message;
}

/**
 * Reads ours, and foreign ones as they are: without attributes, of other attribute types, or inside the JSON envelope of
 * a subscription without raw delivery. Never throws.
 *
 * @param topicName the SNS topic's name: an envelope of another topic is a body like any other
 * @param fifo whether a message group of a foreign message is its ordering key
 */
export function decodeMessage(message: Message, topicName: string, fifo: boolean): DecodedMessage {
  const own = message.MessageAttributes;
  const metadataText = own?.[METADATA_ATTRIBUTE]?.StringValue;
  const envelope = metadataText === undefined ? readEnvelope(message.Body ?? "", topicName) : undefined;
  const metadata = readMetadata(envelope === undefined ? metadataText : envelope.attributes[METADATA_ATTRIBUTE]);
  const text = envelope?.body ?? message.Body ?? "";
  const attributes = envelope?.attributes ?? nativeAttributes(own);
  const group = fifo ? message.Attributes?.MessageGroupId : undefined;

  if (metadata === undefined) {
    return {
      id: envelope?.id ?? message.MessageId ?? "",
      body: Buffer.from(text, "utf8"),
      attributes: withoutReserved(attributes),
      orderingKey: group,
      publishTimeMs: envelope?.timeMs ?? Number(message.Attributes?.SentTimestamp ?? 0),
      native: message,
    };
  }
  return {
    id: metadata.id,
    body: decodeBody(text, metadata.encoding),
    attributes: withPacked(withoutReserved(attributes), metadata.attributes),
    orderingKey: metadata.key === undefined ? group : (metadata.key ?? undefined),
    publishTimeMs: metadata.time,
    native: message,
  };
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

function withPacked(attributes: Record<string, string>, packed: Attributes | undefined): Attributes {
  for (const name of packed === undefined ? [] : Object.keys(packed)) {
    if (packed?.[name] !== undefined) attributes[name] = packed[name];
  }
  return attributes;
}

/** Our metadata is not the user's, and the other reserved names are nobody's but the dead-letter record's. */
function withoutReserved(attributes: Record<string, string>): Record<string, string> {
  for (const name in attributes) {
    if (
      name !== DEAD_LETTER_ATTRIBUTE &&
      name.slice(0, RESERVED_ATTRIBUTE_PREFIX.length).toLowerCase() === RESERVED_ATTRIBUTE_PREFIX
    ) {
      // oxlint-disable-next-line typescript/no-dynamic-delete -- a record without prototype
      delete attributes[name];
    }
  }
  return attributes;
}
