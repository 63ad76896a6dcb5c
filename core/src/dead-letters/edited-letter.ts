import { kindOf } from "../base/shown.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import { checkAttributeLimits, copiedAttributes } from "../contract/checked-attributes.ts";
import { bytesCodec } from "../declare/codec.ts";
import { withoutRecord } from "./dead-letter-record.ts";
import type { Attributes, StoredMessage } from "../contract/message.ts";
import { rejectUnknownKeys } from "../options/option-checks.ts";

/** The result of `edit` of `redrive`: what replaces the body or the attributes. */
export interface LetterEdit {
  readonly body?: Uint8Array | undefined;
  readonly attributes?: Attributes | undefined;
}

/**
 * Body and attributes of a letter that is sent back. Those of an edit are copied, so that its caller may change them afterwards.
 *
 * @throws TypeError when `edit` is not a `LetterEdit`
 * @throws PubSubError `LIMIT_EXCEEDED` when its attributes are beyond the adapter's limits
 */
export function editedLetter(
  letter: StoredMessage,
  edit: LetterEdit | undefined,
  capabilities: Capabilities,
): { readonly body: Uint8Array; readonly attributes: Attributes } {
  if (edit === undefined) return { body: letter.body, attributes: withoutRecord(letter.attributes) };
  if (typeof edit !== "object" || edit === null || "then" in edit) {
    throw new TypeError(`redrive: what edit returned is ${kindOf(edit)}: must be an object with body or attributes`);
  }
  rejectUnknownKeys("redrive: what edit returned", edit, ["body", "attributes"]);
  const { body, attributes } = edit;
  const copy = attributes === undefined ? withoutRecord(letter.attributes) : copiedAttributes(undefined, attributes);
  if (attributes !== undefined) checkAttributeLimits(copy, capabilities);
  return { body: body === undefined ? letter.body : bytesCodec.encode(body), attributes: copy };
}
