import type { Message } from "@aws-sdk/client-sqs";

const TEXTS: ReadonlySet<string> = new Set([
  "MessageId",
  "ReceiptHandle",
  "MD5OfBody",
  "Body",
  "MD5OfMessageAttributes",
]);

/** The messages of ReceiveMessage's answer, when they are made of what we know; undefined leaves it to the SDK. */
export function messagesOf(text: string): Message[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { Messages } = (answer ?? {}) as { readonly Messages?: unknown };
  return Array.isArray(Messages) && Messages.every(isMessage) ? Messages : undefined;
}

/** Of texts alone: the SDK makes bytes of some fields, and leaves out those that are null or that it does not know. */
function isMessage(value: unknown): value is Message {
  if (!isObject(value)) return false;
  for (const name in value) {
    const field = value[name];
    if (TEXTS.has(name) ? typeof field !== "string" : !isAttributes(name, field)) return false;
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
