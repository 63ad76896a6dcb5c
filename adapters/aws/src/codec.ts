import { isUtf8 } from "node:buffer";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { OutgoingMessage } from "@anytopic/core/driver";
import { isLegalText, isNativeAttribute } from "./wire/attribute-rules.ts";
import { messageGroupId } from "./wire/fifo-ids.ts";
import { MAX_ATTRIBUTES } from "./limits.ts";
import { type BodyEncoding, METADATA_ATTRIBUTE, type Metadata, writeMetadata } from "./wire/metadata.ts";

/** A message as SNS and SQS take it. */
export interface EncodedMessage {
  readonly body: string;
  readonly attributes: Record<string, MessageAttributeValue>;
  /** Body, and name, type and value of each attribute, in bytes of UTF-8: what SNS and SQS count. */
  readonly bytes: number;
}

const STRING = "String";
/** Stands where there is no body. */
const EMPTY_BODY = "-";

/**
 * The plain form where AWS can carry it: the body as text, attributes as attributes. What it cannot carry (other bytes,
 * an empty body, odd names and values, a tenth attribute) goes into our one attribute, which says what was done.
 *
 * @param group the message group it will be sent with; undefined outside FIFO
 */
export function encodeMessage(message: OutgoingMessage, group: string | undefined): EncodedMessage {
  const { body, encoding } = encodeBody(message.body);
  let bytes = encoding === undefined ? message.body.byteLength : body.length;

  const attributes: Record<string, MessageAttributeValue> = {};
  let places = MAX_ATTRIBUTES - 1;
  let packed: Record<string, string> | undefined;
  for (const name in message.attributes) {
    const value = message.attributes[name] as string;
    if (places > 0 && isNativeAttribute(name, value)) {
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
    id: message.id,
    time: message.publishTimeMs,
    ...(key === group ? undefined : { key: key ?? null }),
    ...(encoding === undefined ? undefined : { encoding }),
    ...(packed === undefined ? undefined : { attributes: packed }),
  };
  const written = writeMetadata(metadata);
  attributes[METADATA_ATTRIBUTE] = { DataType: STRING, StringValue: written };
  bytes += METADATA_ATTRIBUTE.length + STRING.length + Buffer.byteLength(written);
  return { body, attributes, bytes };
}

/** The body alone, without our metadata unless that says how to read it. */
export function encodeBytes(message: OutgoingMessage, group: string | undefined): EncodedMessage {
  const encoded = encodeMessage({ ...message, attributes: {}, orderingKey: group }, group);
  return encodeBody(message.body).encoding === undefined ? { ...encoded, attributes: {} } : encoded;
}

/** As a topic or queue of this kind takes it. */
export function encodeFor(fifo: boolean, message: OutgoingMessage): EncodedMessage {
  return encodeMessage(message, fifo ? messageGroupId(message) : undefined);
}

/** As text that can travel as it is where it can, else encoded. */
function encodeBody(bytes: Uint8Array): { readonly body: string; readonly encoding: BodyEncoding | undefined } {
  if (bytes.byteLength === 0) return { body: EMPTY_BODY, encoding: "empty" };
  if (isUtf8(bytes)) {
    const text = textOf(bytes);
    if (isLegalText(text)) return { body: text, encoding: undefined };
  }
  return { body: Buffer.from(bytes).toString("base64"), encoding: "base64" };
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}
