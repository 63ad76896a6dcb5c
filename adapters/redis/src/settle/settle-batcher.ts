import { PubSubError } from "@anytopic/core/driver";
import type { RedisDelivery } from "../delivery.ts";
import { leaseLost, toPubSubError } from "../errors.ts";
import type { WorkerScripts } from "../receive/worker-scripts.ts";
import type { WorkerSetup } from "../receive/worker-setup.ts";
import { SETTLE } from "../scripts/settle.ts";
import type { RawEntry, StreamTag } from "../wire/entry.ts";

/** `A`: ack. `R`: the attempt failed. `B`: released, no attempt counts. */
type What = "A" | "R" | "B";

/** The message of a key that comes after one that was acknowledged. */
export type NextOfKey = readonly [tag: StreamTag, entry: RawEntry];

interface Settle {
  readonly what: What;
  readonly delivery: RedisDelivery;
  readonly delayMs: number;
  readonly resolve: () => void;
  readonly reject: (error: PubSubError) => void;
  /** It was sent on a connection that was lost. */
  wasSent: boolean;
}

/** Beyond this a script would keep the server from others for too long. */
const MOST_TOGETHER = 500;
/** How long a server that takes nothing now is left alone, in ms: its disk is full. */
const REST_MS = 200;
/** How many batches are under way at a time. */
const MOST_UNANSWERED = 4;

/**
 * Collects the settles of one turn of the event loop into one call of a script. A settle that was lost with its connection is sent
 * again after a reconnect: the script does nothing when the entry is no longer this worker's. One that the server could not
 * store is sent again as well: otherwise the attempt would not count.
 */
export class SettleBatcher {
  readonly #setup: WorkerSetup;
  readonly #scripts: WorkerScripts;
  readonly #onNext: (next: NextOfKey) => void;
  readonly #endListening: () => void;
  #waiting: Settle[] = [];
  readonly #sent = new Set<Settle>();
  /** Who waits until every settle has its answer. */
  readonly #idle: (() => void)[] = [];
  #batches = 0;
  /** Who waits until no batch is under way. */
  readonly #still: (() => void)[] = [];
  /** While it is above 0, no batch is sent. */
  #holds = 0;
  #rests = false;
  #isQueued = false;
  /** Whether this worker takes the next message of a key. */
  takesNext = true;
  #isClosed = false;

  constructor(setup: WorkerSetup, scripts: WorkerScripts, onNext: (next: NextOfKey) => void) {
    this.#setup = setup;
    this.#scripts = scripts;
    this.#onNext = onNext;
    this.#endListening = setup.connection.onReconnected(() => this.#queue());
  }

  /** How many settles have no answer. */
  get size(): number {
    return this.#waiting.length + this.#sent.size;
  }

  /** The places of the settles without an answer. */
  places(): readonly string[] {
    return [...this.#sent, ...this.#waiting].map(({ delivery }) => delivery.place);
  }

  /** Resolves when the server has done it; rejects with `LEASE_LOST` when the message is no longer this worker's. */
  settle(what: What, delivery: RedisDelivery, delayMs = 0): Promise<void> {
    if (this.#isClosed) return Promise.reject(this.#setup.connection.unavailable());
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ what, delivery, delayMs, resolve, reject, wasSent: false });
    this.#queue();
    return promise;
  }

  /** Resolves when every settle has its answer. */
  async flushed(): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /**
   * Runs `work` while no settle is under way; those that come meanwhile wait. The answer to an ack may bring the next message of its key, which
   * the server has then given to this worker, and the worker does not know it yet.
   */
  async between(work: () => Promise<void>): Promise<void> {
    this.#holds += 1;
    try {
      if (this.#batches > 0) await new Promise<void>((resolve) => this.#still.push(resolve));
      await work();
    } finally {
      this.#holds -= 1;
      if (this.#waiting.length > 0) this.#queue();
    }
  }

  /** Rejects what has no answer. */
  close(): void {
    this.#isClosed = true;
    this.#endListening();
    const unanswered = [...this.#sent, ...this.#waiting];
    this.#waiting = [];
    for (const settle of unanswered) this.#end(settle, unknownOutcome());
  }

  #queue(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#batches < MOST_UNANSWERED && this.#holds === 0) {
      if (!this.#setup.connection.connected || this.#rests) return;
      const batch = this.#waiting.splice(0, MOST_TOGETHER);
      void this.#send(batch);
    }
  }

  async #send(batch: readonly Settle[]): Promise<void> {
    this.#batches += 1;
    for (const settle of batch) this.#sent.add(settle);
    const args: (string | Buffer)[] = [this.takesNext ? "1" : "0"];
    for (const { what, delivery, delayMs } of batch)
      args.push(what, delivery.place, String(Math.ceil(delayMs)), delivery.keyBytes ?? "");
    try {
      const replies = (await this.#scripts.run(SETTLE, args)) as readonly (
        | number
        | readonly [Buffer, Buffer, Buffer[]]
      )[];
      for (const [index, settle] of batch.entries()) this.#answered(settle, replies[index] ?? 0);
    } catch (error) {
      this.#failed(batch, toPubSubError(error, `settle messages of group ${this.#setup.names.group}`));
    } finally {
      this.#batches -= 1;
      if (this.#batches === 0) for (const resolve of this.#still.splice(0)) resolve();
      if (this.#waiting.length > 0) this.#queue();
    }
  }

  #answered(settle: Settle, reply: number | readonly [Buffer, Buffer, Buffer[]]): void {
    if (reply === 0) return this.#end(settle, settle.wasSent ? unknownOutcome() : leaseLost());
    if (typeof reply === "object") this.#onNext([reply[0].toString() as StreamTag, [reply[1], reply[2]]]);
    return this.#end(settle);
  }

  #failed(batch: readonly Settle[], error: PubSubError): void {
    if (this.#isClosed) return;
    if (error.code === "UNAVAILABLE" || error.code === "RESOURCE_EXHAUSTED") {
      for (const settle of batch) {
        this.#sent.delete(settle);
        settle.wasSent ||= error.code === "UNAVAILABLE";
      }
      this.#waiting.unshift(...batch);
      // A server that could not do it has answered.
      if (this.#setup.connection.connected) this.#rest();
      return;
    }
    // The subscription was deleted: nothing of it is this worker's any more.
    for (const settle of batch) this.#end(settle, error.code === "NOT_FOUND" ? leaseLost() : error);
  }

  #rest(): void {
    if (this.#rests) return;
    this.#rests = true;
    this.#setup.connection.context.clock.setTimer(() => {
      this.#rests = false;
      this.#queue();
    }, REST_MS);
  }

  #end(settle: Settle, error?: PubSubError): void {
    this.#sent.delete(settle);
    if (error === undefined) settle.resolve();
    else settle.reject(error);
    if (this.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}

function unknownOutcome(): PubSubError {
  return new PubSubError("UNAVAILABLE", "the connection to Redis was lost before the settle was confirmed");
}
