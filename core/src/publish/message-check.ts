import type { Capabilities } from "../contract/capabilities.ts";
import { checkAttributeLimits, limitExceeded } from "../contract/checked-attributes.ts";
import type { OutgoingMessage } from "../contract/message.ts";
import type { MessageLimits } from "../driver.ts";

/**
 * Returns how many bytes a message has for the broker. Contacts nobody. Called for every publish.
 *
 * @param topic the topic's name, for the error
 * @throws PubSubError `LIMIT_EXCEEDED`, or what the adapter's limits refuse it with, when no publish of this message would be accepted
 */
export function checkedSize(
  topic: string,
  message: OutgoingMessage,
  capabilities: Capabilities,
  limits: MessageLimits,
): number {
  checkAttributeLimits(message.attributes, capabilities);
  const key = message.orderingKey;
  if (key !== undefined) checkKey(topic, key, capabilities.maxOrderingKeyBytes);
  const bytes = limits.sizeOf(message);
  if (bytes > capabilities.maxMessageBytes) {
    throw limitExceeded(`topic "${topic}": message`, capabilities.maxMessageBytes, bytes, " bytes");
  }
  if (limits.refusal === undefined) return bytes;
  const refusal = limits.refusal(message);
  if (refusal !== undefined) throw refusal;
  return bytes;
}

function checkKey(topic: string, key: string, limit: number): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > limit) throw limitExceeded(`topic "${topic}": ordering key`, limit, bytes, " bytes");
}
