import { type Clock, pause, PubSubError, requireWithin } from "@anytopic/core/driver";
import { toPubSubError } from "../errors.ts";
import type { Command, Dialled } from "./dial.ts";

/** How much longer than its wait a read may take before the connection counts as half-open, in ms. */
const SILENCE_MS = 1500;
/** How long a read waits at first, in ms: as long as messages come, so that a half-open connection is noticed soon. */
const FIRST_BLOCK_MS = 1000;
/** The longest wait of one read, in ms. Idle workers are many, and each read is a request. */
const MAX_BLOCK_MS = 5000;
/** How long until a read is asked to end once more, in ms: about the time in which it reaches the server, then twice as long, and so on. */
const UNBLOCK_AGAIN_MS = 10;
const MAX_UNBLOCK_AGAIN_MS = 500;

/** A connection of its own for reads that wait. It is not repaired: whoever opened it opens another one. */
export class Reader {
  readonly #dialled: Dialled;
  readonly #clock: Clock;
  /** Sends on the connection for commands. */
  readonly #command: (parts: Command) => Promise<unknown>;
  #isReading = false;
  #isUnblocking = false;
  #mayWait = true;
  #blockMs = FIRST_BLOCK_MS;

  constructor(dialled: Dialled, clock: Clock, command: (parts: Command) => Promise<unknown>) {
    this.#dialled = dialled;
    this.#clock = clock;
    this.#command = command;
  }

  /** For how long the next read should wait, in ms: longer after each one that got nothing. */
  get blockMs(): number {
    return this.#blockMs;
  }

  /**
   * One command at a time. `blockMs` is what the command says, at most 5 s. Rejects with `UNAVAILABLE` when the connection is lost, or
   * the server does not answer in time: then the reader is of no use any more. A message whose reply was lost belongs to this consumer.
   */
  async read(parts: Command, blockMs: number): Promise<unknown> {
    if (blockMs > MAX_BLOCK_MS) throw new PubSubError("UNKNOWN", `a read may wait ${MAX_BLOCK_MS} ms, not ${blockMs}`);
    if (blockMs > 0 && !this.#mayWait) return null;
    this.#isReading = true;
    try {
      const reply = this.#dialled.client.sendCommand(parts);
      const answer = await requireWithin(this.#clock, blockMs + SILENCE_MS, reply, silent);
      if (answer !== null) this.#blockMs = FIRST_BLOCK_MS;
      else if (blockMs > 0) this.#blockMs = Math.min(2 * blockMs, MAX_BLOCK_MS);
      return answer;
    } catch (error) {
      const mapped = toPubSubError(error, "read from Redis");
      if (mapped.code === "UNAVAILABLE") this.close();
      throw mapped;
    } finally {
      this.#isReading = false;
    }
  }

  /** Ends a waiting read now, with an empty result. Where the server forbids that, the read ends by itself. */
  unblock(): void {
    // Where it fails, the read ends by itself.
    if (this.#isReading && !this.#isUnblocking) void this.#unblock().catch(() => {});
  }

  /** From now on no read waits: one that does ends now, and later ones get nothing. */
  stopWaiting(): void {
    this.#mayWait = false;
    this.unblock();
  }

  /** The server may not yet have got the read, which comes on another connection: then it has nothing to end, and says 0. */
  async #unblock(): Promise<void> {
    this.#isUnblocking = true;
    try {
      for (let againMs = UNBLOCK_AGAIN_MS; this.#isReading; againMs = Math.min(2 * againMs, MAX_UNBLOCK_AGAIN_MS)) {
        const ended = await this.#command(["CLIENT", "UNBLOCK", String(this.#dialled.hello.id)]);
        if (ended !== 0) return;
        await pause(this.#clock, againMs);
      }
    } finally {
      this.#isUnblocking = false;
    }
  }

  /** Ends the connection at once. */
  close(): void {
    this.#dialled.end();
  }
}

function silent(): PubSubError {
  return new PubSubError("UNAVAILABLE", "the Redis server does not answer");
}
