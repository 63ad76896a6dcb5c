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

const HEARTBEAT_MS = 3000;

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

  constructor(
    world: SimWorld,
    stream: readonly StoredEvent[],
    ackWaitMs: number,
    losesRedeliveries: boolean,
    output: ConsumerOutput,
  ) {
    this.#world = world;
    this.#stream = stream;
    this.#ackWaitMs = ackWaitMs;
    this.#losesRedeliveries = losesRedeliveries;
    this.#output = output;
  }

  info(): object {
    this.#processWaiting();
    return {
      delivered: { consumer_seq: this.#nextDelivery - 1, stream_seq: this.#nextSequence - 1 },
      ack_floor: { consumer_seq: 0, stream_seq: 0 },
      num_ack_pending: this.pending.size,
      num_redelivered: this.#deliveryCounts.size,
      num_waiting: this.#waiting.length,
      num_pending: this.#stream.length - this.#nextSequence + 1,
    };
  }

  /** The state on disk, for a restart. */
  snapshot(): ConsumerSnapshot {
    return this.#store.snapshot();
  }

  /** The server was killed and has started again: it has lost its requests, and what was not written. */
  restore(snapshot: ConsumerSnapshot): void {
    this.#waiting = [];
    this.#redeliver = [];
    this.pending.clear();
    this.#deliveryCounts.clear();
    for (const [sequence, consumerSequence, atMs] of snapshot.pending)
      this.pending.set(sequence, { consumerSequence, atMs });
    for (const [sequence, count] of snapshot.counts) this.#deliveryCounts.set(sequence, count);
    this.#nextSequence = snapshot.nextSequence;
    this.#nextDelivery = snapshot.nextDelivery;
    Object.assign(this.#floor, snapshot.floor);
    this.#store.restore(snapshot);
    this.#checkArmed = false;
    this.#checks++;
    this.#armCheck(Math.min(this.#ackWaitMs, this.#world.between(500, 1500)));
  }

  request(reply: string, batch: number, expiresInMs: number): void {
    const now = this.#world.now;
    this.#waiting.push({ reply, left: batch, expiresMs: now + expiresInMs, heartbeatMs: now + HEARTBEAT_MS });
    this.#gather();
    this.#world.serverTimer(HEARTBEAT_MS, () => this.#beat(reply));
  }

  ack(sequence: number, consumerSequence: number): void {
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
    if (consumerSequence > this.#nextDelivery || consumerSequence <= this.#floor.consumer) return;
    if (this.pending.size > 0 && !this.pending.has(sequence)) return;
    if (!this.#redeliver.includes(sequence)) this.#redeliver.push(sequence);
    this.#gather();
  }

  progress(sequence: number): void {
    const pending = this.pending.get(sequence);
    if (pending === undefined) return;
    pending.atMs = this.#world.now;
    this.#store.delivered(pending.consumerSequence, sequence, 1, this.#world.now);
  }

  /** Something was stored. */
  signal(): void {
    this.#gather();
  }

  #gather(): void {
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
