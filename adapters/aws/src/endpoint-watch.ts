import { type DriverContext, type PubSubError, reconnectDelayMs } from "@anytopic/core/driver";
import { toPubSubError } from "./errors.ts";

/** What tells that nobody can be reached, or that nobody knows us: the connection's trouble, not that of one queue. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["UNAVAILABLE", "TIMEOUT", "UNAUTHENTICATED"]);

/**
 * SNS and SQS have no connection that could be lost, only requests that fail. After one that failed for a reason of the
 * connection, this asks again and again until it is answered, and tells core both times.
 */
export class EndpointWatch {
  readonly #context: DriverContext;
  readonly #ask: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #state: "up" | "asking" | "stopped" = "up";

  constructor(context: DriverContext, ask: () => Promise<void>) {
    this.#context = context;
    this.#ask = ask;
  }

  /** To be told of every error of a call. */
  failed(error: PubSubError): void {
    if (this.#state !== "up" || !OF_THE_CONNECTION.has(error.code)) return;
    this.#state = "asking";
    this.#report(error);
    this.#askLater(1);
  }

  stop(): void {
    this.#state = "stopped";
    clearTimeout(this.#timer);
  }

  #askLater(failures: number): void {
    this.#timer = setTimeout(() => void this.#askNow(failures), reconnectDelayMs(failures, this.#context.random));
    this.#timer.unref();
  }

  async #askNow(failures: number): Promise<void> {
    try {
      await this.#ask();
    } catch (error) {
      if (this.#state === "stopped") return;
      this.#report(toPubSubError(error, "reach SQS"));
      this.#askLater(failures + 1);
      return;
    }
    if (this.#state === "stopped") return;
    this.#state = "up";
    this.#context.status("up");
  }

  #report(error: PubSubError): void {
    this.#context.status(error.retryable ? "reconnecting" : "down", error);
  }
}
