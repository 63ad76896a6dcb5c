import { type Logger, NumberWindow, PubSubError } from "@anytopic/core/driver";
import type { ConfirmChannel, Message, Options } from "amqplib";
import { closeWithin } from "./channels.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import { toPubSubError } from "./errors.ts";
import { CLOSE_TIMEOUT_MS, MAX_WAITING_BYTES, MAX_WAITING_PUBLISHES } from "./limits.ts";

/** Who waits for the broker's confirmation. Exactly one of the two is called, once. */
export interface Confirmable {
  readonly body: Uint8Array;
  accept(): void;
  reject(error: PubSubError): void;
}

interface Publish {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  readonly properties: Options.Publish;
  readonly request: Confirmable;
}

/**
 * A channel with publisher confirms that is opened again when the broker closes it.
 *
 * `away`: no connection, publishes reject at once. `idle`: no channel, the next publish opens one. `opening`: publishes
 * wait for it. `open`: publishes are written, or wait while the socket is full or the broker blocks.
 */
export class ConfirmedChannel implements ConnectionUser {
  readonly #connection: Connection;
  readonly #logger: Logger;
  readonly #what: string;
  readonly #onReturn: (message: Message, unconfirmed: Iterable<Confirmable>) => void;
  #state: "away" | "idle" | "opening" | "open" | "closed";
  #channel: ConfirmChannel | undefined;
  #unconfirmed = new NumberWindow<Confirmable>();
  #waiting: Publish[] = [];
  #waitingBytes = 0;
  #full = false;

  constructor(
    connection: Connection,
    logger: Logger,
    what: string,
    onReturn: (message: Message, unconfirmed: Iterable<Confirmable>) => void,
  ) {
    this.#connection = connection;
    this.#logger = logger;
    this.#what = what;
    this.#onReturn = onReturn;
    this.#state = connection.model === undefined ? "away" : "idle";
    connection.addUser(this);
  }

  publish(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish, request: Confirmable): void {
    if (this.#state === "open" && !this.#full && !this.#connection.isBlocked) {
      this.#write(this.#channel as ConfirmChannel, exchange, routingKey, body, properties, request);
    } else if (this.#state === "away") {
      request.reject(this.#connection.error);
    } else if (this.#state === "closed") {
      request.reject(new PubSubError("CLOSED", `${this.#what}: closed`));
    } else {
      this.#wait({ exchange, routingKey, body, properties, request });
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

  async close(timeoutMs: number = CLOSE_TIMEOUT_MS): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#connection.removeUser(this);
    const channel = this.#channel;
    if (channel !== undefined) await closeWithin(channel, timeoutMs);
    this.#fail(new PubSubError("CLOSED", `${this.#what}: closed`));
  }

  #write(
    channel: ConfirmChannel,
    exchange: string,
    routingKey: string,
    body: Buffer,
    properties: Options.Publish,
    request: Confirmable,
  ): void {
    try {
      if (!channel.publish(exchange, routingKey, body, properties)) this.#full = true;
    } catch (error) {
      // Nothing was written, so it has no tag.
      request.reject(toPubSubError(this.#what, error));
      return;
    }
    this.#unconfirmed.push(request);
  }

  #wait(publish: Publish): void {
    const bytes = publish.body.byteLength;
    if (this.#waiting.length >= MAX_WAITING_PUBLISHES || this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      const message = `${this.#what}: ${this.#waiting.length} messages of ${this.#waitingBytes} bytes wait for the broker to take more`;
      publish.request.reject(new PubSubError("RESOURCE_EXHAUSTED", message));
      return;
    }
    this.#waiting.push(publish);
    this.#waitingBytes += bytes;
    if (this.#state === "idle") this.#open();
  }

  #writeWaiting(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const { exchange, routingKey, body, properties, request } of waiting) {
      this.publish(exchange, routingKey, body, properties, request);
    }
  }

  #open(): void {
    this.#state = "opening";
    this.#connection.openConfirmChannel().then(
      (channel) => this.#adopt(channel),
      (error: unknown) => {
        if (this.#state !== "opening") return;
        this.#state = this.#connection.model === undefined ? "away" : "idle";
        this.#fail(toPubSubError(this.#what, error));
      },
    );
  }

  #adopt(channel: ConfirmChannel): void {
    if (this.#state !== "opening") {
      void closeWithin(channel, CLOSE_TIMEOUT_MS);
      return;
    }
    let lastError: Error | undefined;
    channel.on("error", (error) => (lastError = error));
    channel.on("close", () => this.#lost(channel, lastError));
    channel.on("drain", () => {
      this.#full = false;
      this.#writeWaiting();
    });
    channel.on("return", (message) => this.#onReturn(message, this.#unconfirmed.items()));
    channel.on("ack", ({ deliveryTag, multiple }) => this.#settle(deliveryTag, multiple, undefined));
    channel.on("nack", ({ deliveryTag, multiple }) => {
      const refused = new PubSubError("REJECTED", `${this.#what}: the broker refused the message`, { retryable: true });
      this.#settle(deliveryTag, multiple, refused);
    });
    this.#state = "open";
    this.#channel = channel;
    this.#unconfirmed = new NumberWindow();
    this.#full = false;
    this.#writeWaiting();
  }

  #settle(tag: number, multiple: boolean, error: PubSubError | undefined): void {
    for (let next = multiple ? this.#unconfirmed.first : tag; next <= tag; next++) {
      const request = this.#unconfirmed.take(next);
      if (request === undefined) continue;
      if (error === undefined) request.accept();
      else request.reject(error);
    }
  }

  #lost(channel: ConfirmChannel, cause: Error | undefined): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    if (this.#state !== "open") return;
    this.#state = this.#connection.model === undefined ? "away" : "idle";
    const error = toPubSubError(this.#what, cause ?? new Error("channel closed"));
    if (cause !== undefined) this.#logger.warn({ code: error.code }, error.message);
    this.#fail(error);
  }

  /** Nobody knows what became of the unconfirmed ones; the waiting ones were not sent. */
  #fail(error: PubSubError): void {
    const failed = [...this.#unconfirmed.items(), ...this.#waiting.map(({ request }) => request)];
    this.#unconfirmed = new NumberWindow();
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (const request of failed) request.reject(errorOf(request, error));
  }
}

/** A message that is too large closes the channel under all others, which may be sent again. */
function errorOf(request: Confirmable, error: PubSubError): PubSubError {
  const tooLarge = /message size (\d+) is larger than/.exec(error.message);
  if (tooLarge === null || request.body.byteLength === Number(tooLarge[1])) return error;
  return new PubSubError("UNAVAILABLE", `the channel was closed under this message: ${error.message}`, {
    cause: error,
  });
}
