import { isUtf8 } from "node:buffer";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { EXPIRES_ATTRIBUTE, type OutgoingMessage } from "@anytopic/core/driver";
import { messageGroupId } from "./wire/fifo-ids.ts";
import { isLegalText, isNativeAttribute } from "./wire/attribute-rules.ts";
import { MAX_ATTRIBUTES } from "./limits.ts";
import { type BodyEncoding, METADATA_ATTRIBUTE, type Metadata, writeMetadata } from "./wire/metadata.ts";

/** A message in the form of SNS and SQS. */
export interface EncodedMessage {
  readonly body: string;
  readonly attributes: Record<string, MessageAttributeValue>;
  /** What SNS and SQS count: bytes of UTF-8 of the body, and of name, type and value of each attribute. */
  readonly bytes: number;
}

const STRING = "String";
/** SNS and SQS refuse an empty body. */
const EMPTY_BODY = "-";

/**
 * Where AWS allows it, the body is text and attributes are attributes. Our one attribute has the rest: how other bytes or
 * an empty body were encoded, attributes whose name or value AWS refuses, a tenth attribute, and
 * the time of expiry.
 *
 * @param group its message group; undefined outside FIFO
 */
export function encodeMessage(message: OutgoingMessage, group: string | undefined): EncodedMessage {
  const { body, encoding } = encodeBody(message.body);
  let bytes = encoding === undefined ? message.body.byteLength : body.length;

  const attributes: Record<string, MessageAttributeValue> = {};
  let places = MAX_ATTRIBUTES - 1;
  let packed: Record<string, string> | undefined;
  for (const name in message.attributes) {
    const value = message.attributes[name] as string;
    if (places > 0 && name !== EXPIRES_ATTRIBUTE && isNativeAttribute(name, value)) {
      attributes[name] = { DataType: STRING, StringValue: value };
      bytes += Buffer.byteLength(name) + STRING.length + Buffer.byteLength(value);
      places--;
    } else {
      packed ??= Object.create(null) as Record<string, string>;
      packed[name] = value;
    }
  }

  const key = message.orderingKey;
  const metadata: Metadata = {
    // The first, see `PACKED_PREFIX`.
    ...(packed === undefined ? undefined : { attributes: packed }),
    id: message.id,
    time: message.publishTimeMs,
    ...(key === group ? undefined : { key: key ?? null }),
    ...(encoding === undefined ? undefined : { encoding }),
  };
  const written = writeMetadata(metadata);
  attributes[METADATA_ATTRIBUTE] = { DataType: STRING, StringValue: written };
  bytes += METADATA_ATTRIBUTE.length + STRING.length + Buffer.byteLength(written);
  return { body, attributes, bytes };
}

/** A message to be published to a topic that is FIFO or not. */
export function encodeFor(fifo: boolean, message: OutgoingMessage): EncodedMessage {
  return encodeMessage(message, fifo ? messageGroupId(message) : undefined);
}

/** The body alone. Our metadata is there only when it says how the body was encoded. */
export function encodeBytes(message: OutgoingMessage, group: string | undefined): EncodedMessage {
  const encoded = encodeMessage({ ...message, attributes: {}, orderingKey: group }, group);
  return encodeBody(message.body).encoding === undefined ? { ...encoded, attributes: {} } : encoded;
}

/** The body itself where it is text that AWS allows, else encoded. */
function encodeBody(bytes: Uint8Array): { readonly body: string; readonly encoding: BodyEncoding | undefined } {
  if (bytes.byteLength === 0) return { body: EMPTY_BODY, encoding: "empty" };
  if (isUtf8(bytes)) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
    if (isLegalText(text)) return { body: text, encoding: undefined };
  }
  return { body: Buffer.from(bytes).toString("base64"), encoding: "base64" };
}
