import type { StoredMessage } from "@anytopic/core/driver";
import { decodeFields, idOf } from "../codec.ts";
import { brokerId, type SubscriptionNames } from "../names.ts";
import { AGAIN_FIELD, idTimeMs, type RawEntry, readEntry } from "../wire/entry.ts";

/** Reads a letter. One that a script has stored, because workers died again and again, is an entry of the stream of what is redelivered. */
export function decodeLetter(names: SubscriptionNames, entry: RawEntry): StoredMessage {
  const [id, fields] = entry;
  const isBuried = String(fields[0]) === AGAIN_FIELD;
  const buried = isBuried ? readEntry("a", entry) : undefined;
  const content = buried?.content ?? decodeFields(fields, "letter");
  const originId = buried?.originId ?? id.toString();
  return {
    id: idOf(content) ?? brokerId(names.stream, originId),
    body: content.body,
    attributes: content.attributes,
    orderingKey: content.orderingKey,
    publishTimeMs: content.publishTimeMs ?? idTimeMs(originId),
    native: { stream: names.dead, id: id.toString(), fields },
  };
}
