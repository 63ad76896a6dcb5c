import type { Message, SQSClient } from "@aws-sdk/client-sqs";
import { readJson } from "./json-text.ts";
import { readAnswers, type SdkProtocol } from "./sdk-protocol.ts";

const JSON_PROTOCOL = "aws.protocols#awsJson1_0";
const TEXT_FIELDS: ReadonlySet<string> = new Set([
  "MessageId",
  "ReceiptHandle",
  "MD5OfBody",
  "Body",
  "MD5OfMessageAttributes",
]);

/**
 * Reads the answer of ReceiveMessage with JSON.parse alone: the SDK also walks a schema for every field. The SDK still
 * reads answers with anything but text, errors, and the answers of other calls, and it checks every body's MD5.
 */
export function hastenReceive(sqs: SQSClient): void {
  const protocol = sqs.config.protocol as unknown as SdkProtocol;
  if (protocol.getShapeId() !== JSON_PROTOCOL) return;
  readAnswers(protocol, "ReceiveMessage", (text) => {
    const { Messages } = (readJson(text) ?? {}) as { readonly Messages?: unknown };
    return Array.isArray(Messages) && Messages.every(isMessage) ? { Messages } : undefined;
  });
}

/** Only with text: the SDK makes bytes of some fields, and omits those that are null or that it does not know. */
function isMessage(value: unknown): value is Message {
  if (!isObject(value)) return false;
  for (const name in value) {
    const field = value[name];
    if (TEXT_FIELDS.has(name) ? typeof field !== "string" : !isAttributes(name, field)) return false;
  }
  return true;
}

function isAttributes(name: string, value: unknown): boolean {
  if (!isObject(value)) return false;
  if (name !== "Attributes" && name !== "MessageAttributes") return false;
  const isRight = name === "Attributes" ? isText : isTextAttribute;
  for (const key in value) if (!isRight(value[key])) return false;
  return true;
}

function isTextAttribute(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name in value) if ((name !== "StringValue" && name !== "DataType") || !isText(value[name])) return false;
  return true;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
