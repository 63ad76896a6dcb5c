import { NumberWindow, PubSubError, type PubSubErrorCode, type TimerHandle } from "@anytopic/core/driver";
import type { ConfirmChannel, Message, Options } from "amqplib";
import { closeWithin } from "../connection/channels.ts";
import type { Connection, ConnectionUser } from "../connection.ts";
import { toPubSubError, tooLarge } from "../errors.ts";
import { NACKING_CHANNEL_MS } from "../limits.ts";
import type { Confirmable } from "./confirmable.ts";
import { WaitingPublishes } from "./waiting-publishes.ts";

const PRECONDITION_FAILED = 406;
const NACKED =
  "the broker did not store the message: a queue of it is full, or has no leader or no majority of its nodes at the moment";

interface Publish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  readonly request: Confirmable;
}

/** Of the broker, for one message, or for all up to it. */
interface Answer {
  readonly deliveryTag: number;
  readonly multiple: boolean;
}

/** The part that publishes on the channel. */
interface ConfirmedChannelOwner {
  /** What is published, and to where: errors begin with it. */
  readonly what: string;
  /** Where publishes go that name no other exchange. */
  readonly exchange: string;
  /** The broker could not route one of the unconfirmed messages. */
  returned(message: Message, unconfirmed: Iterable<Confirmable>): void;
  /** The channel was closed because of another message: calls `publish` for this one again. */
  again(request: Confirmable): void;
}

/**
 * A channel with publisher confirms that is opened again when the broker closes it.
 *
 * `away`: no connection; publishes reject at once. `idle`: no channel; the next publish opens one. `opening`: publishes wait for
 * it. `open`: publishes are written, or wait while the socket is full or the broker blocks. `sifting`: publishes wait while
 * the suspects are published one by one. One of the suspects has caused the end of the last channel. `leaving`: publishes wait
 * until the last answers have come, then for the next channel.
 *
 * The broker refuses a message by closing the channel, for all messages on it. It tells at best the size of the refused one. The
 * others are published again. Those before it may have been stored already, and are then delivered twice, with one id.
 *
 * A channel that is refused once (`basic.nack`) may be refused for ever: if the leader of a queue was down when the channel first
 * published to it, the server asks that node again for each message, and nobody else, also when there is a new leader (seen
 * on 3.10.8). So such a channel is left for a new one, at most once in `NACKING_CHANNEL_MS`.
 */
export class ConfirmedChannel implements ConnectionUser {
  readonly #connection: Connection;
  readonly #owner: ConfirmedChannelOwner;
  #state: "away" | "idle" | "opening" | "open" | "sifting" | "leaving" | "closed";
  #channel: ConfirmChannel | undefined;
  #unconfirmed = new NumberWindow<Confirmable>();
  readonly #waiting = new WaitingPublishes<Publish>();
  #openedMs = 0;
  #leaving: TimerHandle;
  #full = false;
  #suspects: Confirmable[] = [];
  #suspect: Confirmable | undefined;

  constructor(connection: Connection, owner: ConfirmedChannelOwner) {
    this.#connection = connection;
    this.#owner = owner;
    this.#state = connection.model === undefined ? "away" : "idle";
    connection.addUser(this);
  }

  /** Why the server would refuse a body of this size, as far as its limit is known. */
  refusal(bytes: number): PubSubError | undefined {
    const most = this.#connection.maxMessageBytes;
    if (bytes <= most) return undefined;
    return this.#error(
      "LIMIT_EXCEEDED",
      `the message has ${bytes} bytes, and the server's max_message_size is ${most}`,
    );
  }

  publish(
    routingKey: string,
    body: Buffer,
    properties: Options.Publish,
    request: Confirmable,
    exchange: string = this.#owner.exchange,
  ): void {
    const refusal = this.refusal(body.byteLength);
    if (refusal !== undefined) {
      request.reject(refusal);
    } else if (
      (this.#state === "open" && !this.#full && !this.#connection.isBlocked) ||
      (this.#state === "sifting" && request === this.#suspect)
    ) {
      this.#write(exchange, routingKey, body, properties, request);
    } else if (this.#state === "away") {
      request.reject(this.#connection.error);
    } else if (this.#state === "closed") {
      request.reject(this.#error("CLOSED", "closed"));
    } else {
      const full = this.#waiting.add({ exchange, routingKey, body, properties, request });
      if (full !== undefined) request.reject(this.#error("RESOURCE_EXHAUSTED", full));
      else if (this.#state === "idle") this.#open();
    }
  }

  up(): void {
    if (this.#state !== "away") return;
    this.#state = "idle";
    this.#open();
  }

  down(error: PubSubError): void {
    if (this.#state === "closed") return;
    this.#state = "away";
    this.#fail(error);
  }

  blocked(): void {
    this.#writeWaiting();
  }

  async close(timeoutMs?: number): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#connection.removeUser(this);
    const channel = this.#channel;
    if (channel !== undefined) await closeWithin(this.#connection.context.clock, channel, timeoutMs);
    this.#fail(this.#error("CLOSED", "closed"));
  }

  #write(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish, request: Confirmable): void {
    try {
      if (!(this.#channel as ConfirmChannel).publish(exchange, routingKey, body, properties)) this.#full = true;
    } catch (error) {
      // Nothing was written, so it has no tag.
      request.reject(toPubSubError(error, this.#owner.what));
      return;
    }
    this.#unconfirmed.push(request);
  }

  #writeWaiting(): void {
    for (const { exchange, routingKey, body, properties, request } of this.#waiting.takeAll())
      this.publish(routingKey, body, properties, request, exchange);
  }

  #open(): void {
    this.#state = "opening";
    this.#connection.openConfirmChannel().then(
      (channel) => this.#adopt(channel),
      (error: unknown) => {
        if (this.#state !== "opening") return;
        this.#state = this.#connection.model === undefined ? "away" : "idle";
        this.#fail(toPubSubError(error, this.#owner.what));
      },
    );
  }

  #adopt(channel: ConfirmChannel): void {
    if (this.#state !== "opening") {
      void closeWithin(this.#connection.context.clock, channel);
      return;
    }
    let lastError: Error | undefined;
    channel.on("error", (error) => (lastError = error));
    channel.on("close", () => this.#lost(channel, lastError));
    channel.on("drain", () => {
      this.#full = false;
      this.#writeWaiting();
    });
    channel.on("return", (message) => this.#owner.returned(message, this.#unconfirmed.items()));
    channel.on("ack", (answer) => this.#settle(channel, answer, undefined));
    channel.on("nack", (answer) => this.#settle(channel, answer, this.#error("UNAVAILABLE", NACKED)));
    this.#state = "sifting";
    this.#openedMs = this.#connection.context.clock.monotonicNow();
    this.#channel = channel;
    this.#unconfirmed = new NumberWindow();
    this.#full = false;
    this.#sift();
  }

  /** Publishes the next suspect; when none is left, the channel is open for all publishes. */
  #sift(): void {
    while (this.#state === "sifting" && this.#unconfirmed.first === this.#unconfirmed.next) {
      this.#suspect = this.#suspects.shift();
      if (this.#suspect !== undefined) {
        this.#again(this.#suspect);
        continue;
      }
      this.#state = "open";
      this.#writeWaiting();
    }
  }

  #settle(channel: ConfirmChannel, { deliveryTag: tag, multiple }: Answer, error: PubSubError | undefined): void {
    // A channel that was left counts its own tags.
    if (this.#channel !== channel) return;
    for (let next = multiple ? this.#unconfirmed.first : tag; next <= tag; next++) {
      const request = this.#unconfirmed.take(next);
      if (request === undefined) continue;
      if (error === undefined) request.accept();
      else request.reject(error);
    }
    if (this.#state === "sifting") this.#sift();
    else if (this.#state === "leaving") this.#leaveWhenAnswered();
    else if (error !== undefined) this.#leaveSoon();
  }

  /** The channel may be refused for ever. */
  #leaveSoon(): void {
    if (this.#leaving !== undefined) return;
    const { clock } = this.#connection.context;
    const ageMs = clock.monotonicNow() - this.#openedMs;
    this.#leaving = clock.setTimer(
      () => {
        this.#leaving = undefined;
        if (this.#state !== "open") return;
        this.#state = "leaving";
        this.#leaveWhenAnswered();
      },
      Math.max(0, NACKING_CHANNEL_MS - ageMs),
    );
  }

  /** What is published next must not overtake what somebody still waits for. */
  #leaveWhenAnswered(): void {
    const { clock } = this.#connection.context;
    clock.clearTimer(this.#leaving);
    this.#leaving = undefined;
    if ([...this.#unconfirmed.items()].some(({ awaited }) => awaited)) {
      const again = (): void => void (this.#state === "leaving" && this.#leaveWhenAnswered());
      this.#leaving = clock.setTimer(again, NACKING_CHANNEL_MS);
      return;
    }
    const channel = this.#channel as ConfirmChannel;
    this.#channel = undefined;
    this.#unconfirmed = new NumberWindow();
    void closeWithin(clock, channel);
    this.#open();
  }

  #lost(channel: ConfirmChannel, cause: Error | undefined): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    if (this.#state !== "open" && this.#state !== "sifting" && this.#state !== "leaving") return;
    this.#state = this.#connection.model === undefined ? "away" : "idle";
    const error = toPubSubError(cause ?? new Error("channel closed"), this.#owner.what);
    if (cause !== undefined) this.#connection.context.logger.warn({ code: error.code }, error.message);
    if (this.#state === "idle" && isOfOneMessage(cause)) this.#blame(error);
    else this.#fail(error);
  }

  /** One of the unconfirmed messages has caused the end of the channel. */
  #blame(error: PubSubError): void {
    const unconfirmed = [...this.#unconfirmed.items()];
    this.#unconfirmed = new NumberWindow();
    const size = tooLarge(error.message);
    if (size !== undefined) this.#connection.maxMessageBytes = size.mostBytes;
    const ofSize = unconfirmed.findIndex(({ body }) => body.byteLength === size?.bytes);
    const index = unconfirmed.length === 1 ? 0 : ofSize;
    if (index === -1) {
      this.#suspects.unshift(...unconfirmed);
    } else {
      for (const guilty of unconfirmed.splice(index, 1)) guilty.reject(error);
      for (const request of unconfirmed) this.#again(request);
    }
    if (this.#suspects.length + this.#waiting.count > 0 && this.#state === "idle") this.#open();
  }

  #again(request: Confirmable): void {
    if (request.awaited) this.#owner.again(request);
  }

  #error(code: PubSubErrorCode, text: string): PubSubError {
    return new PubSubError(code, `${this.#owner.what}: ${text}`);
  }

  /** The unconfirmed messages may have been stored; the waiting ones were not sent. */
  #fail(error: PubSubError): void {
    this.#connection.context.clock.clearTimer(this.#leaving);
    this.#leaving = undefined;
    const waiting = this.#waiting.takeAll().map(({ request }) => request);
    const failed = [...this.#unconfirmed.items(), ...this.#suspects, ...waiting];
    this.#unconfirmed = new NumberWindow();
    this.#suspects = [];
    for (const request of failed) request.reject(error);
  }
}

/** 406 is about one message; 404 and 403 are about the exchange or queue, so about all messages. */
function isOfOneMessage(cause: Error | undefined): boolean {
  return (cause as { readonly code?: unknown } | undefined)?.code === PRECONDITION_FAILED;
}
