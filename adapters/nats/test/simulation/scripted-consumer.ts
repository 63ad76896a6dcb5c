import { type ConsumerSnapshot, ConsumerStore, moveFloor } from "./consumer-store.ts";
import type { SimWorld } from "./sim-world.ts";

/** One message of the scripted stream. */
export interface StoredEvent {
  readonly sequence: number;
  readonly timeMs: number;
  readonly key: string;
  readonly id: string;
  readonly body: Uint8Array;
}

interface Pending {
  readonly consumerSequence: number;
  atMs: number;
}

interface WaitingRequest {
  readonly reply: string;
  left: number;
  readonly expiresMs: number;
  heartbeatMs: number;
}

export interface ConsumerOutput {
  hasInterest(subject: string): boolean;
  /** Sends to the subscriber, in order. */
  deliver(subject: string, reply: string, message: StoredEvent): void;
  status(subject: string, code: number, words: string, left: number): void;
}

/** How the consumer's group of servers stands. `leaving`, `elected`, `elected-again`: its leader answers and does not know its state. */
type Phase = "leading" | "leaving" | "leaderless" | "elected" | "elected-again";

const HEARTBEAT_MS = 2000;
const FOLLOWERS = [1, 2].map((number) => ({ name: `follower-${number}`, current: true, active: 200_000_000 }));

/**
 * A durable pull consumer with explicit acknowledgement, as nats-server 2.9.10 has it (`server/consumer.go`, read
 * 2026-11-26). Names and steps follow it, with its fault: a redelivery that finds only dead requests is forgotten for a
 * lease, and the newest message is delivered again.
 */
export class ScriptedConsumer {
  readonly #world: SimWorld;
  readonly #stream: readonly StoredEvent[];
  readonly #ackWaitMs: number;
  readonly #output: ConsumerOutput;
  readonly #losesRedeliveries: boolean;
  readonly pending = new Map<number, Pending>();
  readonly #deliveryCounts = new Map<number, number>();
  #redeliver: number[] = [];
  #waiting: WaitingRequest[] = [];
  readonly #store = new ConsumerStore();
  readonly #floor = { consumer: 0, stream: 0 };
  #nextSequence = 1;
  #nextDelivery = 1;
  #checkArmed = false;
  #checks = 0;
  #phase: Phase = "leading";
  /** Leaders so far; undefined for a server alone. */
  #leaders: number | undefined;

  constructor(
    world: SimWorld,
    stream: readonly StoredEvent[],
    ackWaitMs: number,
    losesRedeliveries: boolean,
    isReplicated: boolean,
    output: ConsumerOutput,
  ) {
    if (isReplicated) this.#leaders = 1;
    this.#world = world;
    this.#stream = stream;
    this.#ackWaitMs = ackWaitMs;
    this.#losesRedeliveries = losesRedeliveries;
    this.#output = output;
  }

  /** Undefined: nobody answers. */
  info(): object | undefined {
    if (this.#phase === "leaderless") return undefined;
    this.#processWaiting();
    const isNew = this.#phase === "elected";
    const { consumer, stream } = this.#floor;
    const cluster = { name: "scripted", leader: `leader-${this.#leaders}`, replicas: FOLLOWERS };
    return {
      ...(this.#leaders === undefined ? {} : { cluster }),
      delivered: {
        consumer_seq: isNew ? 0 : this.#nextDelivery - 1,
        stream_seq: isNew ? 0 : this.#nextSequence - 1,
      },
      ack_floor: { consumer_seq: isNew ? 0 : consumer, stream_seq: isNew ? 0 : stream },
      num_ack_pending: this.#phase === "leading" ? this.pending.size : 0,
      num_redelivered: this.#deliveryCounts.size,
      num_waiting: this.#waiting.length,
      num_pending: this.#stream.length - this.#nextSequence + 1,
    };
  }

  /** The state on disk, for a restart. */
  snapshot(): ConsumerSnapshot {
    return this.#store.snapshot();
  }

  /** Its leader hands over: it forgets its requests, and no longer reads settles. */
  leave(): void {
    this.#phase = "leaving";
    this.#forget();
  }

  /** The group has no leader. */
  beLeaderless(): void {
    this.#phase = "leaderless";
    this.#forget();
  }

  /** There is a new leader, which has not read its state yet. It still has the numbers of when it last led, if it did. */
  elect(hasLed: boolean): void {
    this.#phase = hasLed ? "elected-again" : "elected";
    this.#leaders = (this.#leaders ?? 0) + 1;
  }

  #forget(): void {
    this.#waiting = [];
    this.#redeliver = [];
    this.#checkArmed = false;
    this.#checks++;
  }

  /** The server was killed and has started again, or a new leader reads its state: it has lost its requests, and what was not written. */
  restore(snapshot: ConsumerSnapshot): void {
    this.#phase = "leading";
    this.#forget();
    this.pending.clear();
    this.#deliveryCounts.clear();
    for (const [sequence, consumerSequence, atMs] of snapshot.pending)
      this.pending.set(sequence, { consumerSequence, atMs });
    for (const [sequence, count] of snapshot.counts) this.#deliveryCounts.set(sequence, count);
    this.#nextSequence = snapshot.nextSequence;
    this.#nextDelivery = snapshot.nextDelivery;
    Object.assign(this.#floor, snapshot.floor);
    this.#store.restore(snapshot);
    this.#armCheck(Math.min(this.#ackWaitMs, this.#world.between(500, 1500)));
  }

  get isReplicated(): boolean {
    return this.#leaders !== undefined;
  }

  /** Whether it reads settles and requests. */
  get isLed(): boolean {
    return this.#phase === "leading";
  }

  request(reply: string, batch: number, expiresInMs: number): void {
    if (!this.isLed) return;
    const now = this.#world.now;
    this.#waiting.push({ reply, left: batch, expiresMs: now + expiresInMs, heartbeatMs: now + HEARTBEAT_MS });
    this.#gather();
    this.#world.serverTimer(HEARTBEAT_MS, () => this.#beat(reply));
  }

  ack(sequence: number, consumerSequence: number): void {
    if (!this.isLed) return;
    const delivery = this.pending.get(sequence)?.consumerSequence ?? consumerSequence;
    this.pending.delete(sequence);
    if (this.pending.size === 0) {
      this.#floor.consumer = this.#nextDelivery - 1;
      this.#floor.stream = this.#nextSequence - 1;
    } else {
      const next = { consumer: this.#nextDelivery, stream: this.#nextSequence };
      moveFloor(this.#floor, sequence, delivery, next, (later) => this.pending.get(later)?.consumerSequence);
    }
    this.#store.acked(delivery, sequence);
    this.#deliveryCounts.delete(sequence);
    this.#redeliver = this.#redeliver.filter((other) => other !== sequence);
  }

  nak(sequence: number, consumerSequence: number): void {
    // From before a restart.
    if (!this.isLed || consumerSequence > this.#nextDelivery || consumerSequence <= this.#floor.consumer) return;
    if (this.pending.size > 0 && !this.pending.has(sequence)) return;
    if (!this.#redeliver.includes(sequence)) this.#redeliver.push(sequence);
    this.#gather();
  }

  progress(sequence: number): void {
    const pending = this.pending.get(sequence);
    if (!this.isLed || pending === undefined) return;
    pending.atMs = this.#world.now;
    this.#store.delivered(pending.consumerSequence, sequence, 1, this.#world.now);
  }

  /** Something was stored. */
  signal(): void {
    this.#gather();
  }

  #gather(): void {
    if (!this.isLed) return;
    while (this.#waiting.length > 0) {
      const again = this.#redeliver.shift();
      const sequence = again ?? this.#nextSequence;
      const message = this.#stream[sequence - 1];
      if (message === undefined) break;
      const count = again === undefined ? 1 : (this.#deliveryCounts.get(again) ?? 1) + 1;
      if (again === undefined) this.#nextSequence++;
      else this.#deliveryCounts.set(again, count);
      const reply = this.#nextWaiting();
      if (reply === undefined) {
        if (this.#losesRedeliveries || again === undefined) this.#nextSequence--;
        else {
          this.#redeliver.unshift(again);
          this.#deliveryCounts.set(again, count - 1);
        }
        break;
      }
      const delivery = this.#nextDelivery++;
      this.#track(sequence, delivery);
      this.#store.delivered(delivery, sequence, count, this.#world.now);
      const subject = `$JS.ACK.events.worker.${count}.${sequence}.${delivery}.${message.timeMs}000000.0`;
      this.#output.deliver(reply, subject, message);
    }
    this.#processWaiting();
  }

  #nextWaiting(): string | undefined {
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      if (request.expiresMs <= this.#world.now || !this.#output.hasInterest(request.reply)) continue;
      request.left--;
      if (request.left > 0) this.#waiting.push(request);
      return request.reply;
    }
    return undefined;
  }

  #processWaiting(): void {
    const now = this.#world.now;
    this.#waiting = this.#waiting.filter((request) => {
      if (request.expiresMs <= now) {
        this.#output.status(request.reply, 408, "Request Timeout", request.left);
        return false;
      }
      if (!this.#output.hasInterest(request.reply)) return false;
      if (request.heartbeatMs <= now) {
        this.#output.status(request.reply, 100, "Idle Heartbeat", 0);
        request.heartbeatMs = now + HEARTBEAT_MS;
      }
      return true;
    });
  }

  #beat(reply: string): void {
    this.#processWaiting();
    if (this.#waiting.some((request) => request.reply === reply))
      this.#world.serverTimer(HEARTBEAT_MS, () => this.#beat(reply));
  }

  #track(sequence: number, consumerSequence: number): void {
    const pending = this.pending.get(sequence);
    if (pending === undefined) this.pending.set(sequence, { consumerSequence, atMs: this.#world.now });
    else pending.atMs = this.#world.now;
    this.#armCheck(this.#ackWaitMs);
  }

  #armCheck(delayMs: number): void {
    if (this.#checkArmed) return;
    this.#checkArmed = true;
    const check = ++this.#checks;
    this.#world.serverTimer(Math.max(1, delayMs), () => {
      if (check === this.#checks) this.#checkPending();
    });
  }

  #checkPending(): void {
    this.#checkArmed = false;
    const now = this.#world.now;
    let next = this.#ackWaitMs;
    const expired: number[] = [];
    for (const [sequence, { atMs }] of this.pending) {
      const elapsed = now - atMs;
      if (elapsed >= this.#ackWaitMs) {
        if (!this.#redeliver.includes(sequence)) expired.push(sequence);
      } else next = Math.min(next, this.#ackWaitMs - elapsed);
    }
    expired.sort((a, b) => a - b);
    this.#redeliver.push(...expired);
    const [first] = expired;
    const offMs = first === undefined ? 0 : now - (this.pending.get(first) as Pending).atMs;
    for (const sequence of expired) (this.pending.get(sequence) as Pending).atMs += offMs;
    if (this.pending.size > 0) this.#armCheck(next);
    if (expired.length > 0) this.#gather();
  }
}
