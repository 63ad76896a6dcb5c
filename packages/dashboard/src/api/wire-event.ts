import type { PubSubEvent } from "@anytopic/core";

/** What happened: the events of core's observer, and letters that were sent to their subscription again. */
export type WireEventType = PubSubEvent["type"] | "redrive" | "redrive-failed";

/** Why something failed. The message is cut. */
export interface WireError {
  readonly name: string;
  /** Of a `PubSubError`, or of an error of Node. */
  readonly code?: string | undefined;
  readonly message: string;
}

/** An event as JSON. Never has a body or attributes. What an event does not have is left out. */
export interface WireEvent {
  readonly type: WireEventType;
  /** Unix ms of the clock of the service. */
  readonly atMs: number;
  readonly topic?: string | undefined;
  readonly subscription?: string | undefined;
  readonly id?: string | undefined;
  readonly attempt?: number | undefined;
  /** Of a publish, or of an attempt. */
  readonly durationMs?: number | undefined;
  /** Until the next attempt. */
  readonly delayMs?: number | undefined;
  /** Why a message became a dead letter, or was skipped. */
  readonly reason?: string | undefined;
  readonly error?: WireError | undefined;
  /** Only of `publish`: of the encoded event. */
  readonly bytes?: number | undefined;
  /** Only of `deliver`; 0 when the message does not say. */
  readonly publishTimeMs?: number | undefined;
  /** Only of `connection`: its name. */
  readonly connection?: string | undefined;
  /** Only of `connection` and `circuit`. */
  readonly state?: string | undefined;
  /** Only of `circuit`: how long it stays open. */
  readonly openMs?: number | undefined;
  /** Who saw it; left out when the process has no name. */
  readonly service?: string | undefined;
}
