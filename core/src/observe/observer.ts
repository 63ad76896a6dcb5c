import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { ConnectionState } from "../contract/connection-state.ts";
import type { CircuitHealth } from "./health.ts";
import type { PubSubError } from "../base/errors.ts";

/**
 * Something that happened, for metrics, traces and tests. Never carries bodies or attributes. `atMs` is Unix ms of the clock given
 * to `connect`; `durationMs` is the time of a publish until its confirmation or failure, or of an attempt, in ms.
 */
export type PubSubEvent =
  | (PublishEvent<"publish"> & { readonly bytes: number })
  | (PublishEvent<"published"> & { readonly durationMs: number })
  | (PublishEvent<"publish-failed"> & { readonly error: PubSubError; readonly durationMs: number })
  | (DeliveryEvent<"deliver"> & {
      /** When `publish` was called, in Unix ms of the publisher's clock. 0 when the message does not say. With `atMs` of attempt 1, how long the message has waited, unless the clocks differ. */
      readonly publishTimeMs: number;
    })
  | (DeliveryEvent<"ack"> & { readonly durationMs: number })
  | (DeliveryEvent<"retry"> & { readonly delayMs: number; readonly error: unknown; readonly durationMs: number })
  | (DeliveryEvent<"dead-letter"> & {
      readonly reason: DeadLetterReason;
      readonly error: unknown;
      /** Without the time of storing the letter. `undefined` when no attempt has failed: the message had expired, or only its letter was stored again. */
      readonly durationMs: number | undefined;
    })
  | (DeliveryEvent<"dead-letter-failed"> & { readonly error: PubSubError })
  | DeliveryEvent<"release">
  /** It was acknowledged without a handler, and this is no attempt. Mostly there was no `deliver` for it; see `SkipReason`. */
  | (DeliveryEvent<"skipped"> & { readonly reason: SkipReason })
  /** The broker did not accept a settle, or the message was lost while its handler ran. */
  | (DeliveryEvent<"lease-lost"> & { readonly error: PubSubError | undefined })
  | {
      readonly type: "connection";
      /** Its name in the configuration; `"default"` where there is none. */
      readonly connection: string;
      readonly state: ConnectionState;
      readonly error: PubSubError | undefined;
      readonly atMs: number;
    }
  | (SubscriptionEvent<"receiving"> & { readonly reconnected: boolean })
  | (SubscriptionEvent<"failing"> & { readonly error: PubSubError })
  /** `pause` was called: nothing starts any longer. */
  | SubscriptionEvent<"paused">
  /** The worker receives again after a pause. */
  | SubscriptionEvent<"resumed">
  | (SubscriptionEvent<"circuit"> & {
      /** What it has become. */
      readonly state: CircuitHealth["state"];
      /** Failed attempts in a row. */
      readonly failures: number;
      /** How long it will stay open, in ms; 0 unless it has opened. */
      readonly openMs: number;
      /** What the last attempt failed with; `undefined` unless it has opened. */
      readonly error: unknown;
    });

/**
 * Why a message is acknowledged without a handler.
 *
 * - `"filter"`: the subscription's filter holds it back. Decided before anything else, also of a message that has expired; `deliver` never comes before it.
 * - `"expired"`: its `expiresAt` has passed, and the subscription's `onExpired` is `"drop"`. `deliver` comes before it only when the time
 *   passed between the start of the attempt and that of the handler: while it waited for the inbox, an asynchronous schema, the others of
 *   its batch, an instrumentation, or a reader of the pull form.
 */
export type SkipReason = "filter" | "expired";

interface PublishEvent<Type extends string> {
  readonly type: Type;
  readonly topic: string;
  readonly id: string;
  readonly atMs: number;
}

interface SubscriptionEvent<Type extends string> {
  readonly type: Type;
  readonly topic: string;
  readonly subscription: string;
  readonly atMs: number;
}

interface DeliveryEvent<Type extends string> extends SubscriptionEvent<Type> {
  readonly id: string;
  readonly attempt: number;
}

/** Called synchronously for every event: it must be fast. An error that it throws is logged and otherwise ignored. */
export type Observer = (event: PubSubEvent) => void;
