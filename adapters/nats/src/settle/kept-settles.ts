import type { Clock, TimerHandle } from "@anytopic/core/driver";
import type { NatsConnection } from "@nats-io/nats-core";
import { ACK_PAYLOAD, AckWriter } from "./ack-writer.ts";

interface WaitingSettle {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** It is not sent after this time, by the monotonic clock. */
  readonly untilMs: number;
}

/** How long an ack waits at most for the question that proves that the server has it. */
const PROOF_MS = 200;
/** How long the leader of a consumer may take to answer that. */
const ANSWER_MS = 2000;
/** The pause before acks are sent again that no leader has read. */
const AGAIN_MS = 1000;
/** An election takes seconds. A consumer that is silent for so long was deleted. */
const GIVE_UP_MS = 60_000;

/**
 * Keeps settles across a loss of the connection. Settles made while disconnected are sent after the reconnect. An ack is
 * sent again after a reconnect unless a later answer of the server has proven that it arrived. JetStream ignores a second
 * ack, and an ack subject is valid on any connection.
 *
 * In a cluster the answer must come from the leader of the consumer: acks that are sent while there is none are lost.
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
  /** Since when leaders have not answered, by the monotonic clock. */
  #silentSinceMs: number | undefined;

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
    void this.#proveNow();
  };

  async #proveNow(): Promise<void> {
    const acks = this.#unproven;
    this.#proving = acks;
    this.#unproven = [];
    // When the connection is lost meanwhile, they stay where they are, and the reconnect sends them again.
    const unread = await this.#unread(acks).catch(() => undefined);
    if (unread === undefined || this.#proving !== acks) return;
    this.#proving = [];
    this.#again(unread);
  }

  /** Those that the server may not have read. */
  async #unread(acks: readonly string[]): Promise<readonly string[]> {
    if (this.#nc.info?.cluster === undefined) {
      await this.flush();
      return [];
    }
    this.#acks.flush();
    const groups = [...byConsumer(acks)];
    const areRead = await Promise.all(groups.map(async (group) => this.#isRead(group.at(-1) as string)));
    return groups.filter((_, index) => areRead[index] === false).flat();
  }

  /** A leader reads the acks of one connection in order, so the answer to the last one counts for all. */
  async #isRead(subject: string): Promise<boolean> {
    return this.#nc.request(subject, ACK_PAYLOAD, { timeout: ANSWER_MS }).then(
      () => true,
      () => false,
    );
  }

  #again(acks: readonly string[]): void {
    if (acks.length === 0) {
      this.#silentSinceMs = undefined;
      return;
    }
    const nowMs = this.#clock.monotonicNow();
    this.#silentSinceMs ??= nowMs;
    if (nowMs - this.#silentSinceMs > GIVE_UP_MS) return;
    this.#unproven = [...acks, ...this.#unproven];
    this.#clock.clearTimer(this.#proofTimer);
    this.#proofTimer = this.#clock.setTimer(() => {
      if (this.#isConnected) for (const subject of this.#unproven) this.#acks.write(subject);
      this.#prove();
    }, AGAIN_MS);
  }
}

/** The acks of each consumer: `$JS.ACK.<stream>.<consumer>.` and five numbers, or the longer form with a domain. */
function byConsumer(acks: readonly string[]): Iterable<string[]> {
  const groups = new Map<string, string[]>();
  let [prefix, group]: [string, string[]] = ["", []];
  for (const subject of acks) {
    if (prefix === "" || !subject.startsWith(prefix)) {
      prefix = consumerOf(subject);
      group = groups.get(prefix) ?? [];
      groups.set(prefix, group);
    }
    group.push(subject);
  }
  return groups.values();
}

function consumerOf(subject: string): string {
  const tokens = subject.split(".");
  return `${tokens.slice(0, tokens.length > 9 ? 6 : 4).join(".")}.`;
}
