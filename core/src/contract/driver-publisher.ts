import type { PubSubError } from "../base/errors.ts";
import type { OutgoingMessage } from "./message.ts";

/** A pending publish. Read its properties one by one: to spread it copies neither its methods nor its body. For every request the driver calls exactly one of `accept` and `reject`, once, whatever happens. */
export interface PublishRequest extends OutgoingMessage {
  /** The broker has durably accepted the message. */
  accept(): void;
  /** The broker has not accepted the message, or the outcome is unknown (`TIMEOUT`, `UNAVAILABLE`). */
  reject(error: PubSubError): void;
  /** Whether core still waits for an answer. When false, a driver may forget the request, and need not send it. */
  readonly awaited: boolean;
}

/** Publishes to one topic, for core. */
export interface DriverPublisher {
  /** Bytes of the message as the broker counts them, with this adapter's encoding and metadata. Called for every publish: must be cheap. */
  sizeOf(message: OutgoingMessage): number;
  /**
   * For limits that no capability can express: the error (`LIMIT_EXCEEDED`, with the limit and the actual value) when the broker
   * would never accept this message, else `undefined`. Called before anything is sent, also to a mirror; a refused message pauses
   * no key. Absent when there are no such limits. Called for every publish: must be cheap.
   */
  refusal?(message: OutgoingMessage): PubSubError | undefined;
  /**
   * Sends a batch and returns at once; never throws. A batch has 1 to `publishBatch.maxMessages` messages, together at most
   * `publishBatch.maxBytes`, and at most one message per ordering key. Core never has two pending requests with the same key. The
   * driver may keep the array. When one message is rejected, the others must not be rejected for that. Core limits the number of
   * pending requests, and stops waiting after its publish timeout; a later `accept` is ignored. While disconnected, the driver
   * rejects with `UNAVAILABLE` and does not queue.
   */
  publish(batch: readonly PublishRequest[]): void;
  /** Called when no request is pending. Resolves within `timeoutMs`, see the rules at the top. */
  close(timeoutMs: number): Promise<void>;
}

/** What a publisher counts and refuses before anything is sent. An adapter exports a function from the topic to it beside its capabilities: test kits use it without a connection. */
export type MessageLimits = Pick<DriverPublisher, "sizeOf" | "refusal">;
