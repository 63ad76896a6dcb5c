import type { Message, MessageSystemAttributeName } from "@aws-sdk/client-sqs";
import { type Clock, type PubSubError, retryPauseMs, type TimerHandle } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import type { Queue } from "../topology/queues.ts";

/** Free places are collected for this long before a request asks for fewer messages than its answer can have, in ms. */
const TOP_UP_MS = 20;
/** A poll is no longer than this share of the worker's age, so that a short program does not wait long for its last poll. */
const WAIT_SHARE_OF_AGE = 1 / 4;
/** A poll fails when its answer is later than this, in ms. */
const POLL_GRACE_MS = 5000;

const STANDARD_FACTS: MessageSystemAttributeName[] = ["ApproximateReceiveCount", "SentTimestamp"];
const FIFO_FACTS: MessageSystemAttributeName[] = [...STANDARD_FACTS, "MessageGroupId"];

export interface ReceiversOptions {
  readonly fifo: boolean;
  readonly visibilitySeconds: number;
  /** All places, free or not. */
  readonly capacity: number;
  /** Free places, without regard to pending polls. */
  places(): number;
  /** At most this many messages in one answer. */
  batchSize(): number;
  /** An answer while the worker receives. */
  received(messages: readonly Message[]): void;
  /** An answer after `stop`, whose messages must be released. */
  late(messages: readonly Message[]): Promise<void>;
  failing(error: PubSubError): void;
  recovered(): void;
}

/**
 * The long polls of one worker: one while it is idle, more after full answers. They never ask for more messages than there
 * are free places. After an error, one poll at a time tries again until it succeeds.
 */
export class Receivers {
  readonly #connection: Connection;
  readonly #queue: Queue;
  readonly #options: ReceiversOptions;
  readonly #clock: Clock;
  readonly #openedAtMs: number;
  readonly #polls = new Set<Promise<void>>();
  /** Places that pending polls may fill. */
  #reserved = 0;
  /** The number of polls at a time: doubled by a full answer, halved by an empty one. */
  #target = 1;
  #failures = 0;
  #state: "running" | "pausing" | "stopped" = "running";
  #timer: TimerHandle;
  #toppedUp = false;
  /** When a poll last began or ended, by the monotonic clock. */
  #turnedMs: number;

  constructor(connection: Connection, queue: Queue, options: ReceiversOptions) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#openedAtMs = this.#clock.monotonicNow();
    this.#turnedMs = this.#openedAtMs;
    this.#queue = queue;
    this.#options = options;
  }

  /** To be called whenever a place becomes free. */
  pump(): void {
    while (this.#state === "running" && this.#polls.size < this.#target) {
      const free = this.#options.places() - this.#reserved;
      if (free <= 0) return;
      const size = this.#options.batchSize();
      // Every request costs money: one for ten messages is better than ten for one, when the wait is short.
      if (free < Math.min(size, this.#options.capacity) && !this.#toppedUp) {
        this.#timer ??= this.#clock.setTimer(() => this.#topUp(), TOP_UP_MS, true);
        return;
      }
      this.#toppedUp = false;
      this.#poll(Math.min(free, size));
    }
  }

  /** See `DriverSubscriber.overdueMs`. Every poll ends within its wait and `POLL_GRACE_MS`. */
  overdueMs(): number {
    if (this.#state !== "running" || this.#timer !== undefined) return 0;
    if (this.#polls.size === 0 && this.#options.places() - this.#reserved <= 0) return 0;
    const periodMs = this.#connection.options.pollWaitSeconds * 1000 + POLL_GRACE_MS;
    return Math.max(0, this.#clock.monotonicNow() - this.#turnedMs - periodMs);
  }

  /** Starts no more polls. Pending ones linger: after an abort, AWS would still answer them with messages. */
  stop(): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#clock.clearTimer(this.#timer);
    for (const poll of this.#polls) {
      this.#connection.lingering.add(poll);
      void poll.then(() => this.#connection.lingering.delete(poll));
    }
  }

  #topUp(): void {
    this.#timer = undefined;
    this.#toppedUp = true;
    this.pump();
    this.#toppedUp = false;
  }

  #poll(count: number): void {
    this.#reserved += count;
    this.#turnedMs = this.#clock.monotonicNow();
    const poll: Promise<void> = this.#receive(count).finally(() => {
      this.#polls.delete(poll);
      this.#turnedMs = this.#clock.monotonicNow();
      this.pump();
    });
    this.#polls.add(poll);
  }

  async #receive(count: number): Promise<void> {
    const waitSeconds = this.#waitSeconds();
    const { pollSqs, sqsApi } = this.#connection;
    let messages: readonly Message[];
    try {
      const answer = await pollSqs.send(
        new sqsApi.ReceiveMessageCommand({
          QueueUrl: this.#queue.url,
          MaxNumberOfMessages: count,
          WaitTimeSeconds: waitSeconds,
          VisibilityTimeout: this.#options.visibilitySeconds,
          MessageSystemAttributeNames: this.#options.fifo ? FIFO_FACTS : STANDARD_FACTS,
          MessageAttributeNames: ["All"],
        }),
        { requestTimeout: waitSeconds * 1000 + POLL_GRACE_MS, abortSignal: this.#connection.closed },
      );
      messages = answer.Messages ?? [];
    } catch (error) {
      this.#reserved -= count;
      this.#failed(toPubSubError(error, `receive from queue ${this.#queue.name}`));
      return;
    }
    this.#reserved -= count;
    if (this.#state === "stopped") {
      if (messages.length > 0) await this.#options.late(messages);
      return;
    }
    if (this.#failures > 0) {
      this.#failures = 0;
      this.#options.recovered();
    }
    if (messages.length === count) this.#target = Math.min(this.#connection.options.maxReceivers, 2 * this.#target);
    else if (messages.length === 0) this.#target = Math.max(1, Math.floor(this.#target / 2));
    if (messages.length > 0) this.#options.received(messages);
  }

  #failed(error: PubSubError): void {
    if (this.#state !== "running") return;
    this.#state = "pausing";
    this.#target = 1;
    this.#failures++;
    this.#options.failing(error);
    this.#clock.clearTimer(this.#timer);
    const resume = (): void => {
      this.#timer = undefined;
      if (this.#state === "stopped") return;
      this.#state = "running";
      this.pump();
    };
    const delayMs = retryPauseMs(this.#failures, this.#connection.context.random, error);
    this.#timer = this.#clock.setTimer(resume, delayMs, true);
  }

  #waitSeconds(): number {
    // After a failure without a wait, so that a recovery is known at once.
    if (this.#failures > 0) return 0;
    const ageSeconds = (this.#clock.monotonicNow() - this.#openedAtMs) / 1000;
    return Math.min(this.#connection.options.pollWaitSeconds, Math.max(1, Math.floor(ageSeconds * WAIT_SHARE_OF_AGE)));
  }
}
