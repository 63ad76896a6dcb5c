import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { PubSubError } from "../base/errors.ts";

/**
 * What happens, as it happens: for metrics, traces and tests. Counting these events gives every number of interest.
 * Never carries bodies or attributes. Times are Unix ms of the injected clock.
 */
export type PubSubEvent =
  | {
      readonly type: "publish";
      readonly topic: string;
      readonly id: string;
      readonly bytes: number;
      readonly atMs: number;
    }
  | {
      readonly type: "published";
      readonly topic: string;
      readonly id: string;
      readonly durationMs: number;
      readonly atMs: number;
    }
  | {
      readonly type: "publish-failed";
      readonly topic: string;
      readonly id: string;
      readonly error: PubSubError;
      readonly atMs: number;
    }
  | DeliveryEvent<"deliver">
  | (DeliveryEvent<"ack"> & { readonly durationMs: number })
  | (DeliveryEvent<"retry"> & { readonly delayMs: number; readonly error: unknown; readonly durationMs: number })
  | (DeliveryEvent<"dead-letter"> & { readonly reason: DeadLetterReason; readonly error: unknown })
  | (DeliveryEvent<"dead-letter-failed"> & { readonly error: PubSubError })
  | DeliveryEvent<"release">
  | (DeliveryEvent<"lease-lost"> & { readonly error: PubSubError | undefined })
  | {
      readonly type: "connection";
      /** Its name in the configuration; `"default"` where there is none. */
      readonly connection: string;
      readonly state: "up" | "reconnecting" | "degraded" | "down";
      readonly error: PubSubError | undefined;
      readonly atMs: number;
    }
  | {
      readonly type: "receiving";
      readonly topic: string;
      readonly subscription: string;
      readonly reconnected: boolean;
      readonly atMs: number;
    }
  | {
      readonly type: "failing";
      readonly topic: string;
      readonly subscription: string;
      readonly error: PubSubError;
      readonly atMs: number;
    };

interface DeliveryEvent<Type extends string> {
  readonly type: Type;
  readonly topic: string;
  readonly subscription: string;
  readonly id: string;
  readonly attempt: number;
  readonly atMs: number;
}

/** Called synchronously on the hot path: keep it short. What it throws is logged and otherwise ignored. */
export type Observer = (event: PubSubEvent) => void;
