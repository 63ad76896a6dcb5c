import type { PubSubError } from "@anytopic/core/driver";

/** A publish that waits for the broker to confirm it. Exactly one of the two methods is called, once. */
export interface Confirmable {
  readonly body: Uint8Array;
  /** Whether somebody still waits for it. */
  readonly awaited: boolean;
  accept(): void;
  reject(error: PubSubError): void;
}
