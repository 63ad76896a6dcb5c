import type { PublishBatchResultEntry } from "@aws-sdk/client-sns";

const MEMBER = "<member>";
const FIELDS = ["Id", "MessageId", "SequenceNumber"] as const;

/**
 * Reads the answer to a PublishBatch of which all entries succeeded. Undefined for all other answers, and for XML that is
 * not as plain as SNS writes it: the SDK reads those.
 * https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html (2026-11-22)
 */
export function successesOf(xml: string): PublishBatchResultEntry[] | undefined {
  if (!xml.includes("<PublishBatchResult>") || /<(?:Code|SenderFault|!)|&/.test(xml)) return undefined;
  const successes: PublishBatchResultEntry[] = [];
  for (let start = xml.indexOf(MEMBER); start >= 0;) {
    const end = xml.indexOf("</member>", start);
    const next = xml.indexOf(MEMBER, start + 1);
    if (end < 0 || (next >= 0 && next < end)) return undefined;
    const member = xml.slice(start + MEMBER.length, end);
    const success: PublishBatchResultEntry = {};
    for (const field of FIELDS) {
      const text = textOf(member, field);
      if (text !== undefined) success[field] = text;
    }
    if (success.Id === undefined || success.MessageId === undefined) return undefined;
    successes.push(success);
    start = next;
  }
  return successes.length === 0 ? undefined : successes;
}

function textOf(member: string, field: string): string | undefined {
  const tag = `<${field}>`;
  const start = member.indexOf(tag);
  if (start < 0) return undefined;
  const end = member.indexOf("<", start + tag.length);
  return member.startsWith(`</${field}>`, end) ? member.slice(start + tag.length, end) : undefined;
}
