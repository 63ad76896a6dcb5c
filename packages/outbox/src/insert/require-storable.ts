import { PubSubError } from "@anytopic/core";
import type { RelayMessage } from "@anytopic/core/relay";

/** The longest ordering key of a row, in bytes of UTF-8: as long as those of all adapters. */
const MAX_KEY_BYTES = 1024;

/** @throws PubSubError `INVALID_MESSAGE` or `LIMIT_EXCEEDED` when the tables cannot hold the message */
export function requireStorable({ topic, orderingKey }: RelayMessage): void {
  if (orderingKey === undefined) return;
  if (orderingKey.includes("\0")) {
    throw new PubSubError(
      "INVALID_MESSAGE",
      `topic "${topic}": the ordering key has a NUL character, which PostgreSQL cannot store in text: leave it out`,
    );
  }
  const bytes = Buffer.byteLength(orderingKey);
  if (bytes > MAX_KEY_BYTES) {
    throw new PubSubError(
      "LIMIT_EXCEEDED",
      `topic "${topic}": ordering key: ${bytes} bytes, at most ${MAX_KEY_BYTES} bytes in the outbox`,
    );
  }
}
