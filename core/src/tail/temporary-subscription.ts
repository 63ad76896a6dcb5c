import { randomBytes } from "node:crypto";
import { systemClock } from "../base/clock.ts";
import { PubSubError } from "../base/errors.ts";
import { pause } from "../base/pause.ts";
import { timeLeft } from "../base/time-left.ts";
import { within } from "../base/within.ts";
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
  const left = timeLeft(systemClock, PATIENCE_MS);
  for (;;) {
    const error = await failureOf(pubsub.destroy([subscription]), Math.max(1, left()));
    if (error === undefined) return await journal?.remove(subscription.name);
    if (error.retryable && left() > BETWEEN_ATTEMPTS_MS) await pause(systemClock, BETWEEN_ATTEMPTS_MS);
    else throw stillThere(subscription, error);
  }
}

/** Why it failed, or that it took too long; `undefined` when it resolved in time. */
async function failureOf(work: Promise<unknown>, timeoutMs: number): Promise<PubSubError | undefined> {
  let failure: unknown = new PubSubError("TIMEOUT", `no answer within ${Math.round(timeoutMs)} ms`);
  const noted = work.catch((error: unknown) => {
    failure = error;
    throw error;
  });
  if (await within(systemClock, timeoutMs, noted)) return undefined;
  return failure instanceof PubSubError ? failure : new PubSubError("UNKNOWN", "failed", { cause: failure });
}

function stillThere({ topic, name }: Subscription<Uint8Array>, cause: PubSubError): PubSubError {
  return new PubSubError(
    cause.code,
    `the temporary subscription ${topic.name}/${name} could not be removed; the next tail on this broker removes it, or anytopic tail --clean-up`,
    { cause },
  );
}
