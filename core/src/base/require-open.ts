import { PubSubError } from "./errors.ts";

export function closedError(): PubSubError {
  return new PubSubError("CLOSED", "the connection was closed");
}

/** @throws PubSubError `CLOSED` when closing has begun, with which `closed` aborts */
export function requireOpen(closed: AbortSignal): void {
  if (closed.aborted) throw closedError();
}
