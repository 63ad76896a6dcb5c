import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PubSubError } from "../base/errors.ts";
import { bytesCodec } from "../declare/codec.ts";
import { defineSubscription, type Subscription } from "../declare/subscription.ts";
import type { AnyTopic, Topic } from "../declare/topic.ts";
import type { PubSub } from "../pubsub.ts";
import type { TailJournal } from "./tail-journal.ts";

/** How long a tail, when it ends, waits for an unreachable broker, in ms. */
const PATIENCE_MS = 10_000;
const BETWEEN_ATTEMPTS_MS = 500;

/** A temporary subscription of a topic that accepts every message unchanged: without schema and as bytes. */
export function temporarySubscription(
  topic: AnyTopic,
  name = `tail-${randomBytes(6).toString("hex")}`,
): Subscription<Uint8Array> {
  const raw = Object.freeze({ ...topic, schema: undefined, codec: bytesCodec, attributes: undefined });
  // For the broker the same topic, but bodies are read as bytes.
  return defineSubscription(raw as unknown as Topic<Uint8Array>, name, { retryPolicy: { minBackoffMs: 1000 } });
}

/** Deletes it, and waits for a while if the broker is not reachable. @throws PubSubError when it is still there */
export async function removeTemporary(
  pubsub: PubSub,
  subscription: Subscription<Uint8Array>,
  journal: TailJournal | undefined,
): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const left = Math.max(1, deadlineMs - performance.now());
    try {
      await within(left, pubsub.destroy([subscription]));
      await journal?.remove(subscription.name);
      return;
    } catch (error) {
      const retryable = error instanceof PubSubError && error.retryable;
      if (retryable && performance.now() + BETWEEN_ATTEMPTS_MS < deadlineMs) {
        await delay(BETWEEN_ATTEMPTS_MS);
        continue;
      }
      const code = error instanceof PubSubError ? error.code : "UNKNOWN";
      throw new PubSubError(
        code,
        `the temporary subscription ${subscription.topic.name}/${subscription.name} could not be removed; the next tail on this broker removes it, or anytopic tail --clean-up`,
        { cause: error },
      );
    }
  }
}

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  const timeout = new AbortController();
  const tooLate = delay(timeoutMs, undefined, { signal: timeout.signal }).then(() => {
    throw new PubSubError("TIMEOUT", `no answer within ${Math.round(timeoutMs)} ms`);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timeout.abort();
    tooLate.catch(() => {});
    work.catch(() => {});
  }
}
