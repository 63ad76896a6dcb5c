import type { Clock, TimerHandle } from "@anytopic/core/driver";
import type { NatsConnection } from "@nats-io/nats-core";
import { ACK_PAYLOAD, AckWriter } from "./ack-writer.ts";

interface WaitingSettle {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** It is not sent after this time, by the monotonic clock. */
  readonly untilMs: number;
}

/** How long an ack waits at most for the flush that proves that the server has it. */
const PROOF_MS = 200;

/**
 * Keeps settles across a loss of the connection. Settles made while disconnected are sent after the reconnect. An ack is
 * sent again after a reconnect unless a later answer of the server has proven that it arrived. JetStream ignores a second
 * ack, and an ack subject is valid on any connection.
 */
export class KeptSettles {
  readonly #nc: NatsConnection;
  readonly #clock: Clock;
  readonly #acks: AckWriter;
  readonly #waiting: WaitingSettle[] = [];
  #isConnected = true;
  #unproven: string[] = [];
  #proving: string[] = [];
  #proofTimer: TimerHandle = undefined;

  constructor(nc: NatsConnection, clock: Clock) {
    this.#nc = nc;
    this.#clock = clock;
    this.#acks = new AckWriter(nc);
  }

  ack(subject: string): void {
    if (!this.#isConnected) {
      this.#waiting.push({ subject, payload: ACK_PAYLOAD, untilMs: Number.POSITIVE_INFINITY });
      return;
    }
    this.#acks.write(subject);
    this.#unproven.push(subject);
    this.#proofTimer ??= this.#clock.setTimer(this.#prove, PROOF_MS);
  }

  /** Sends now, or after a reconnect within `validMs`: later, it could take the message from another worker. */
  send(subject: string, payload: Uint8Array, validMs: number): void {
    if (this.#isConnected) this.#nc.publish(subject, payload);
    else this.#waiting.push({ subject, payload, untilMs: this.#clock.monotonicNow() + validMs });
  }

  /** Resolves when the server has read everything that was sent before. */
  async flush(): Promise<void> {
    this.#acks.flush();
    await this.#nc.flush();
  }

  disconnected(): void {
    this.#isConnected = false;
  }

  reconnected(): void {
    this.#isConnected = true;
    const unproven = [...this.#proving, ...this.#unproven];
    this.#proving = [];
    this.#unproven = [];
    for (const subject of unproven) this.ack(subject);
    const nowMs = this.#clock.monotonicNow();
    for (const { subject, payload, untilMs } of this.#waiting.splice(0)) {
      if (payload === ACK_PAYLOAD) this.ack(subject);
      else if (nowMs < untilMs) this.#nc.publish(subject, payload);
    }
  }

  close(): void {
    this.#isConnected = false;
    this.#clock.clearTimer(this.#proofTimer);
  }

  readonly #prove = (): void => {
    this.#proofTimer = undefined;
    if (!this.#isConnected) return;
    if (this.#proving.length > 0) {
      this.#proofTimer = this.#clock.setTimer(this.#prove, PROOF_MS);
      return;
    }
    this.#proving = this.#unproven;
    this.#unproven = [];
    this.flush().then(
      () => (this.#proving = []),
      () => {},
    );
  };
}
