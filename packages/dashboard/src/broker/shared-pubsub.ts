import { type Logger, PubSubError, type PubSub } from "@anytopic/core";

/** A page that waits longer for the broker than this is told that it waits. */
const MAX_WAIT_MS = 2000;
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 5000;

/**
 * Opens once for all requests, and again after a failure: after a pause, and only when somebody asks. Meanwhile every request is told why the last attempt
 * failed.
 */
export function sharedPubSub(given: PubSub | (() => Promise<PubSub>), logger: Logger): () => Promise<PubSub> {
  if (typeof given !== "function") return async () => given;
  let opening: Promise<PubSub> | undefined;
  let isOpen = false;
  let failure: PubSubError | undefined;
  let failures = 0;
  let pausedUntilMs = 0;

  const open = async (): Promise<PubSub> => {
    try {
      const pubsub = await given();
      isOpen = true;
      if (failure !== undefined) logger.info({ failures }, "the dashboard has reached the broker");
      return pubsub;
    } catch (caught) {
      const error = asPubSubError(caught);
      // What goes on for hours is one line.
      if (error.message !== failure?.message) {
        logger.warn({ code: error.code }, `the dashboard cannot reach the broker and tries again: ${error.message}`);
      }
      failure = error;
      pausedUntilMs = performance.now() + Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** failures);
      failures += 1;
      opening = undefined;
      throw error;
    }
  };

  return async () => {
    if (opening === undefined) {
      if (failure !== undefined && performance.now() < pausedUntilMs) throw failure;
      opening = open();
    }
    if (isOpen) return await opening;
    return await withinWait(opening, failure ?? new PubSubError("UNAVAILABLE", "the broker has not answered yet"));
  };
}

/** The pending promise stays pending: the next request may get it. */
async function withinWait(opening: Promise<PubSub>, otherwise: PubSubError): Promise<PubSub> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(otherwise), MAX_WAIT_MS);
  // It may fail when nobody waits any more.
  opening.catch(() => {});
  try {
    return await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The message of an error that is none of ours may contain anything, so the page does not show it. */
function asPubSubError(error: unknown): PubSubError {
  if (error instanceof PubSubError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  const message = `the function that opens the connection failed with ${name}`;
  return new PubSubError("UNKNOWN", message, { cause: error });
}
