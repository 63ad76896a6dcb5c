import { MAX_ATTRIBUTE_NAME_CHARACTERS } from "../limits.ts";

/**
 * What SQS and SNS take as text: the characters of XML 1.0. Lone surrogates, the other illegal characters, cannot come
 * out of valid UTF-8.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (2026-11-22)
 */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const ILLEGAL_TEXT = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

const LEGAL_NAME = /^(?!\.)(?!.*\.\.)(?!.*\.$)(?!aws\.)(?!amazon\.)[a-z0-9_.-]+$/i;

/** Whether a text can travel as it is. It must be well-formed Unicode. */
export function isLegalText(text: string): boolean {
  return !ILLEGAL_TEXT.test(text);
}

/**
 * Whether an attribute can travel as a message attribute of its own.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html (2026-11-22)
 */
export function isNativeAttribute(name: string, value: string): boolean {
  // SDKs keep attributes in ordinary objects, where this one name cannot be set.
  if (name === "__proto__") return false;
  return value !== "" && name.length <= MAX_ATTRIBUTE_NAME_CHARACTERS && LEGAL_NAME.test(name) && isLegalText(value);
}
