import { readJson } from "./json-text.ts";

/** A notification that SNS wrapped because the subscription has no raw delivery. */
export interface SnsEnvelope {
  readonly id: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
  readonly timeMs: number;
}

/**
 * Unwraps the envelope of a notification of this topic. Undefined for anything else, for example for an ordinary event
 * that looks similar.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (2026-11-22)
 */
export function readEnvelope(text: string, topicName: string): SnsEnvelope | undefined {
  if (!text.startsWith("{") || !text.includes('"TopicArn"')) return undefined;
  const value = (readJson(text) ?? {}) as Readonly<Record<string, unknown>>;
  const { Type, MessageId, TopicArn, Message, Timestamp, Signature, SequenceNumber, MessageAttributes } = value;
  const isNotification =
    Type === "Notification" &&
    typeof MessageId === "string" &&
    typeof TopicArn === "string" &&
    TopicArn.startsWith("arn:") &&
    TopicArn.endsWith(`:${topicName}`) &&
    typeof Message === "string" &&
    typeof Timestamp === "string" &&
    // A FIFO topic numbers its notifications instead of signing them.
    (typeof Signature === "string" || typeof SequenceNumber === "string");
  if (!isNotification) return undefined;
  const timeMs = Date.parse(Timestamp);
  if (Number.isNaN(timeMs)) return undefined;
  return { id: MessageId, body: Message, attributes: readAttributes(MessageAttributes), timeMs };
}

function readAttributes(value: unknown): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>;
  if (typeof value !== "object" || value === null) return attributes;
  for (const [name, attribute] of Object.entries(value)) {
    const text: unknown = (attribute as { readonly Value?: unknown } | null)?.Value;
    if (typeof text === "string") attributes[name] = text;
  }
  return attributes;
}
