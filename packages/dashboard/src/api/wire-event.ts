import type { PubSubEvent } from "@anytopic/core";

/** An observer's event as JSON: never bodies, never attributes. */
export interface WireEvent {
  readonly type: PubSubEvent["type"];
  readonly topic?: string | undefined;
  readonly subscription?: string | undefined;
  readonly id?: string | undefined;
  readonly attempt?: number | undefined;
  /** Unix ms of the clock of the service. */
  readonly atMs: number;
  /** Of `deliver`: when `publish` was called; 0 when the message does not say. */
  readonly publishTimeMs?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly delayMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly error?: WireError | undefined;
  /** The name of the service that it happened in. */
  readonly service?: string | undefined;
}

export interface WireError {
  readonly name: string;
  readonly code?: string | undefined;
  readonly message: string;
}
