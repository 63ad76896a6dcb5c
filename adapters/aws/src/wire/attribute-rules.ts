import { MAX_ATTRIBUTE_NAME_CHARACTERS } from "../limits.ts";

/**
 * SQS and SNS allow the characters of XML 1.0, and not these. Lone surrogates are illegal as well, but valid UTF-8 has
 * none.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (2026-11-22)
 */
// oxlint-disable-next-line no-control-regex -- the expression looks for them
const ILLEGAL_TEXT = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

const LEGAL_NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)(?!aws\.)(?!amazon\.)[a-z0-9_.-]+$/i;

/** Whether SQS and SNS allow a text, which must be well-formed Unicode. */
export function isLegalText(text: string): boolean {
  return !ILLEGAL_TEXT.test(text);
}

/**
 * Whether an attribute can be a message attribute of SQS and SNS.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html (2026-11-22)
 */
export function isNativeAttribute(name: string, value: string): boolean {
  // SDKs keep attributes in ordinary objects, which cannot have a property of this name.
  if (name === "__proto__") return false;
  return value !== "" && name.length <= MAX_ATTRIBUTE_NAME_CHARACTERS && LEGAL_NAME.test(name) && isLegalText(value);
}
