import { type DriverContext, type PubSubError, retryPauseMs, type TimerHandle } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";

/** Codes for problems of the whole connection, not of one queue: AWS cannot be reached, or does not know the credentials. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["UNAVAILABLE", "TIMEOUT", "UNAUTHENTICATED"]);

/**
 * SNS and SQS have no connection that could be lost, only requests that fail. When a request fails because of the
 * connection, this tells core, repeats a request until it is answered, and then tells core again.
 */
export class EndpointWatch {
  readonly #context: DriverContext;
  readonly #ask: () => Promise<unknown>;
  #timer: TimerHandle;
  #state: "up" | "asking" | "stopped" = "up";

  constructor(context: DriverContext, ask: () => Promise<unknown>) {
    this.#context = context;
    this.#ask = ask;
  }

  /** To be called with every error of a request. */
  failed(error: PubSubError): void {
    if (this.#state !== "up" || !OF_THE_CONNECTION.has(error.code)) return;
    this.#state = "asking";
    this.#askLater(1, error);
  }

  stop(): void {
    this.#state = "stopped";
    this.#context.clock.clearTimer(this.#timer);
  }

  #askLater(failures: number, error: PubSubError): void {
    const { clock, random } = this.#context;
    this.#context.status(error.retryable ? "reconnecting" : "down", error);
    this.#timer = clock.setTimer(() => void this.#askNow(failures), retryPauseMs(failures, random, error));
  }

  async #askNow(failures: number): Promise<void> {
    try {
      await this.#ask();
    } catch (error) {
      if (this.#state === "stopped") return;
      return this.#askLater(failures + 1, toPubSubError(error, "reach SQS"));
    }
    if (this.#state === "stopped") return;
    this.#state = "up";
    this.#context.status("up");
  }
}
