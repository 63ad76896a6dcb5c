import type { DueTime } from "../contract/due.ts";
import { asciiOrBytes, bytesOf, type EncodedBody } from "./encoded-body.ts";
import type { PublishRequest } from "../driver.ts";
import type { PubSubError } from "../base/errors.ts";
import type { Attributes } from "../contract/message.ts";

/** A `PendingPublish` reports its end to this. */
export interface PublishWindow {
  settled(pending: PendingPublish, error: PubSubError | undefined): void;
}

/**
 * One publish between the call and the broker's answer. It has two ends: the caller may stop waiting when its signal aborts, but the
 * place in the window and the key are occupied until the broker has answered or the timeout has passed.
 */
export class PendingPublish implements PublishRequest {
  readonly id: string;
  readonly attributes: Attributes;
  /** The user's attributes, when instrumentations have added others. */
  readonly ownAttributes: Attributes | undefined;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  /** When core was given a message that somebody has encoded before, in Unix ms. @default `publishTimeMs` */
  relayedMs: number | undefined = undefined;
  bytes = 0;
  /** True until the broker has answered, or core has stopped waiting. */
  awaited = true;
  /** Whether it occupies a place of the window. */
  admitted = false;
  /** Whether it was given to the driver. */
  sent = false;
  /** For an observer. */
  onAnswer: ((error: PubSubError | undefined) => void) | undefined;
  /** When it is due. @default now */
  due: DueTime | undefined = undefined;
  /** The signal of the caller. */
  signal: AbortSignal | undefined = undefined;
  /** Present while an asynchronous schema validates the event; see `EncodedEvent`. */
  valid: Promise<void> | undefined = undefined;
  #encoded: EncodedBody;
  #isAscii = false;
  #window: PublishWindow | undefined;
  #resolve: ((id: string) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #onAbort: (() => void) | undefined;

  constructor(
    id: string,
    body: EncodedBody,
    attributes: Attributes,
    orderingKey: string | undefined,
    publishTimeMs: number,
    ownAttributes?: Attributes,
  ) {
    this.id = id;
    this.#encoded = body;
    this.attributes = attributes;
    this.orderingKey = orderingKey;
    this.publishTimeMs = publishTimeMs;
    this.ownAttributes = ownAttributes;
  }

  /** Made when it is first read: a driver that takes text does not read it. Then the text is not kept. */
  get body(): Uint8Array {
    const encoded = this.#encoded;
    return typeof encoded === "string" ? (this.#encoded = bytesOf(encoded)) : encoded;
  }

  /** Looked at when it is first read: a driver that takes bytes does not read it. */
  get bodyText(): string | undefined {
    const encoded = this.#encoded;
    if (typeof encoded !== "string") return undefined;
    if (this.#isAscii) return encoded;
    this.#encoded = asciiOrBytes(encoded);
    this.#isAscii = this.#encoded === encoded;
    return this.#isAscii ? encoded : undefined;
  }

  get bodyBytes(): number {
    return (this.bodyText ?? this.body).length;
  }

  /** When its timeout began, in Unix ms. */
  get startedMs(): number {
    return this.relayedMs ?? this.publishTimeMs;
  }

  /** The same message for another broker. */
  copy(): PendingPublish {
    return this.#with(this.attributes, this.ownAttributes);
  }

  /** The same message with more attributes. */
  carrying(attributes: Attributes): PendingPublish {
    return this.#with(attributes, this.attributes);
  }

  /** The same message with the user's attributes alone. Another object, because a driver may remember what it has computed for one. */
  withoutCarrier(own: Attributes): PendingPublish {
    return this.#with(own, undefined);
  }

  #with(attributes: Attributes, own: Attributes | undefined): PendingPublish {
    const { id, orderingKey, publishTimeMs } = this;
    const copy = new PendingPublish(id, this.#encoded, attributes, orderingKey, publishTimeMs, own);
    copy.relayedMs = this.relayedMs;
    copy.due = this.due;
    copy.signal = this.signal;
    copy.valid = this.valid;
    return copy;
  }

  /** Must be called before the request is given to the window. */
  answerTo(window: PublishWindow, resolve: (id: string) => void, reject: (reason: unknown) => void): void {
    this.#window = window;
    this.#resolve = resolve;
    this.#reject = reject;
    const { signal } = this;
    if (signal === undefined) return;
    this.#onAbort = (): void => this.#answerCaller(undefined, signal.reason);
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether the caller stopped waiting before the message was given to the driver: it need not be sent. */
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
