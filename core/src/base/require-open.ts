import { PubSubError } from "./errors.ts";

export function closedError(): PubSubError {
  return new PubSubError("CLOSED", "the connection was closed");
}

/** @throws PubSubError `CLOSED` when `closed` has aborted, because closing has begun */
export function requireOpen(closed: AbortSignal): void {
  if (closed.aborted) throw closedError();
}
