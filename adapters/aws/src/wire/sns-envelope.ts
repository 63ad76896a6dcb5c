/** A notification that SNS wrapped because the subscription has no raw delivery. */
export interface SnsEnvelope {
  readonly id: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
  readonly timeMs: number;
}

/**
 * Unwraps the envelope of a notification of this topic; undefined for anything else, for example an ordinary event that
 * happens to look a little like one.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html (2026-11-22)
 */
export function readEnvelope(text: string, topicName: string): SnsEnvelope | undefined {
  if (!text.startsWith("{") || !text.includes('"TopicArn"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { Type, MessageId, TopicArn, Message, Timestamp, Signature, MessageAttributes, ...rest } = value as Record<
    string,
    unknown
  >;
  const isNotification =
    Type === "Notification" &&
    typeof MessageId === "string" &&
    typeof TopicArn === "string" &&
    TopicArn.startsWith("arn:") &&
    TopicArn.endsWith(`:${topicName}`) &&
    typeof Message === "string" &&
    typeof Timestamp === "string" &&
    // A FIFO topic numbers its notifications instead of signing them.
    (typeof Signature === "string" || typeof rest["SequenceNumber"] === "string");
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
