import { PubSubError, type PubSub } from "@anytopic/core";

/** A page that waits longer for the broker than this is told that it waits. */
const MAX_WAIT_MS = 2000;
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 10_000;

/**
 * Opens once for all requests, and again after a failure: after a pause, and only when somebody asks. Meanwhile every request is told why the last attempt
 * failed.
 */
export function sharedPubSub(given: PubSub | (() => Promise<PubSub>)): () => Promise<PubSub> {
  if (typeof given !== "function") return async () => given;
  let opening: Promise<PubSub> | undefined;
  let isOpen = false;
  let failure: unknown;
  let failures = 0;
  let pausedUntilMs = 0;

  const open = async (): Promise<PubSub> => {
    try {
      const pubsub = await given();
      isOpen = true;
      return pubsub;
    } catch (error) {
      failure = error;
      pausedUntilMs = performance.now() + Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures);
      failures += 1;
      opening = undefined;
      throw error;
    }
  };

  return async () => {
    if (opening === undefined) {
      if (performance.now() < pausedUntilMs) throw failure;
      opening = open();
    }
    if (isOpen) return await opening;
    return await withinWait(opening, failure ?? new PubSubError("UNAVAILABLE", "the broker has not answered yet"));
  };
}

/** The pending promise stays pending: the next request may get it. */
async function withinWait(opening: Promise<PubSub>, otherwise: unknown): Promise<PubSub> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(otherwise), MAX_WAIT_MS);
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}
