import { PubSubError } from "../base/errors.ts";

/** What is thrown where only an error can end an attempt whose message has expired: `outcomeOf` knows it. */
export const EXPIRED: PubSubError = new PubSubError("TIMEOUT", "the message expired before its handler started");

/** What the dead-letter record says. */
export function expiredError(expiresAt: Date | undefined): PubSubError {
  return new PubSubError("TIMEOUT", `the message was not handled before it expired at ${expiresAt?.toISOString()}`);
}
