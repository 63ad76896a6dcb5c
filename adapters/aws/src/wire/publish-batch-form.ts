import type { MessageAttributeValue, PublishBatchRequestEntry } from "@aws-sdk/client-sns";

const ENTRY_FIELDS: ReadonlySet<string> = new Set([
  "Id",
  "Message",
  "MessageAttributes",
  "MessageGroupId",
  "MessageDeduplicationId",
]);

/**
 * The entries of a PublishBatch in SNS's form, in the order and the encoding of the SDK. Undefined for entries with fields
 * that ours do not have: the SDK writes those.
 * https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html (2026-11-22)
 */
export function publishBatchForm(entries: readonly PublishBatchRequestEntry[]): string | undefined {
  let form = "";
  for (const [index, entry] of entries.entries()) {
    if (!isPlain(entry)) return undefined;
    const start = `&PublishBatchRequestEntries.member.${index + 1}.`;
    form += `${start}Id=${encoded(entry.Id)}${start}Message=${encoded(entry.Message)}`;
    let position = 0;
    for (const name in entry.MessageAttributes) {
      const value = plainValue(entry.MessageAttributes[name]);
      if (value === undefined) return undefined;
      const part = `${start}MessageAttributes.entry.${++position}.`;
      form += `${part}Name=${encoded(name)}${part}Value.DataType=String${part}Value.StringValue=${encoded(value)}`;
    }
    const { MessageDeduplicationId, MessageGroupId } = entry;
    if (MessageDeduplicationId !== undefined)
      form += `${start}MessageDeduplicationId=${encoded(MessageDeduplicationId)}`;
    if (MessageGroupId !== undefined) form += `${start}MessageGroupId=${encoded(MessageGroupId)}`;
  }
  return form;
}

function isPlain(entry: PublishBatchRequestEntry): entry is PublishBatchRequestEntry & { Id: string; Message: string } {
  if (typeof entry.Id !== "string" || typeof entry.Message !== "string") return false;
  for (const field in entry) if (!ENTRY_FIELDS.has(field)) return false;
  return true;
}

function plainValue(attribute: MessageAttributeValue | undefined): string | undefined {
  return attribute?.DataType === "String" && attribute.BinaryValue === undefined ? attribute.StringValue : undefined;
}

/** As RFC 3986 says: also with the characters that `encodeURIComponent` does not encode. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
