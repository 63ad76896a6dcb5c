import type { PublishRequest } from "../driver.ts";
import type { PubSubError } from "../base/errors.ts";
import type { Attributes } from "../contract/message.ts";

/** What a `PendingPublish` reports to. */
export interface PublishWindow {
  settled(pending: PendingPublish, error: PubSubError | undefined): void;
}

/**
 * One publish between the call and the broker's answer. Two ends are apart: the caller may stop waiting (its signal),
 * while the window and the key stay occupied until the broker answered or the timeout passed.
 */
export class PendingPublish implements PublishRequest {
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  bytes = 0;
  /** Until the broker's answer, or what core takes for one. */
  awaited = true;
  /** Under way: occupies a place of the window. */
  admitted = false;
  /** Handed to the driver. */
  sent = false;
  /** For an observer. */
  onAnswer: ((error: PubSubError | undefined) => void) | undefined;
  /** The caller's. */
  signal: AbortSignal | undefined = undefined;
  /** Present when an asynchronous schema is still looking at the event; see `EncodedEvent`. */
  valid: Promise<void> | undefined = undefined;
  #window: PublishWindow | undefined;
  #resolve: ((id: string) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    id: string,
    body: Uint8Array,
    attributes: Attributes,
    orderingKey: string | undefined,
    publishTimeMs: number,
  ) {
    this.id = id;
    this.body = body;
    this.attributes = attributes;
    this.orderingKey = orderingKey;
    this.publishTimeMs = publishTimeMs;
  }

  /** The same message once more, for another broker. */
  copy(): PendingPublish {
    const copy = new PendingPublish(this.id, this.body, this.attributes, this.orderingKey, this.publishTimeMs);
    copy.signal = this.signal;
    return copy;
  }

  /** Must be called before the request is handed on. */
  answerTo(window: PublishWindow, resolve: (id: string) => void, reject: (reason: unknown) => void): void {
    this.#window = window;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal } = this;
    if (signal === undefined) return;
    this.#onAbort = (): void => this.#answerCaller(undefined, signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether the caller stopped waiting before the message was handed to the driver: it need not be sent. */
  get abandoned(): boolean {
    return !this.sent && this.#resolve === undefined;
  }

  accept(): void {
    if (!this.awaited) return;
    this.awaited = false;
    this.#window?.settled(this, undefined);
    this.onAnswer?.(undefined);
    this.#answerCaller(this.id, undefined);
  }

  reject(error: PubSubError): void {
    if (!this.awaited) return;
    this.awaited = false;
    this.#window?.settled(this, error);
    this.onAnswer?.(error);
    this.#answerCaller(undefined, error);
  }

  #answerCaller(id: string | undefined, reason: unknown): void {
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.#resolve = undefined;
    this.#reject = undefined;
    if (this.#onAbort !== undefined) this.signal?.removeEventListener("abort", this.#onAbort);
    if (id === undefined) reject?.(reason);
    else resolve?.(id);
  }
}
