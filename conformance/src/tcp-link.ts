import { connect, type Socket } from "node:net";
import { DelayLine } from "./delay-line.ts";

/** What the links of one proxy share: its faults, and its counters. */
export interface LinkConditions {
  /**
   * Bytes are read and dropped, connections are accepted and nothing follows, and ends of connections are not passed
   * on.
   */
  blackholed: boolean;
  /** Added in each direction. */
  delayMs: number;
  /** Of each direction of each link; 0 for no limit. */
  bytesPerSecond: number;
  bytesToTarget: number;
  bytesToClient: number;
}

/** Reading stops while this many bytes wait for their delay to pass. */
const MAX_DELAYED_BYTES = 8 * 1024 * 1024;

/**
 * One client's connection and its continuation to the target. While it is healthy, each direction
 * keeps its order, its backpressure and its half-close, and a reset of one side resets the other.
 * A link that was in a blackhole has lost bytes, so it can never be healthy again: it forwards nothing until it is
 * cut or reset.
 */
export class TcpLink {
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #conditions: LinkConditions;
  readonly #lines: readonly DelayLine[];
  #deaf = false;
  /** How many more bytes pass in each direction before the link is reset. */
  #bytesLeft = Infinity;

  constructor(
    client: Socket,
    target: { readonly host: string; readonly port: number },
    conditions: LinkConditions,
    onClosed: () => void,
  ) {
    this.#client = client;
    this.#conditions = conditions;
    this.#target = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#lines = [
      this.#forward(client, this.#target, (bytes) => (conditions.bytesToTarget += bytes)),
      this.#forward(this.#target, client, (bytes) => (conditions.bytesToClient += bytes)),
    ];
    const check = (): void => {
      if (!client.closed || !this.#target.closed) return;
      // What is still on its way has no destination any more, and on a slow line it would be on its way for long.
      for (const line of this.#lines) line.clear();
      onClosed();
    };
    client.once("close", check);
    this.#target.once("close", check);
    if (conditions.blackholed) this.fallDeaf();
  }

  /** The client still has its connection. */
  get open(): boolean {
    return !this.#client.closed;
  }

  /** It has been in a blackhole. */
  get deaf(): boolean {
    return this.#deaf;
  }

  /** Forwards this many more bytes in each direction, then resets both sides: the last message arrives in part. */
  truncateAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Forwards nothing from now on, in either direction; both sides stay open, and writing to them succeeds. */
  fallDeaf(): void {
    this.#deaf = true;
    for (const line of this.#lines) line.clear();
    this.#client.resume();
    this.#target.resume();
  }

  /** Closes both sides. */
  cut(): void {
    for (const line of this.#lines) line.clear();
    this.#client.destroy();
    this.#target.destroy();
  }

  /** Sends a TCP reset to both sides. */
  reset(): void {
    for (const line of this.#lines) line.clear();
    this.#client.resetAndDestroy();
    this.#target.resetAndDestroy();
  }

  #forward(from: Socket, to: Socket, count: (bytes: number) => void): DelayLine {
    const line = new DelayLine();
    let delayedBytes = 0;
    let passedBytes = 0;
    let freeAtMs = 0;
    const delayOf = (bytes: number): number => {
      const { delayMs, bytesPerSecond } = this.#conditions;
      if (bytesPerSecond === 0) return delayMs;
      const nowMs = performance.now();
      freeAtMs = Math.max(freeAtMs, nowMs) + (bytes * 1000) / bytesPerSecond;
      return delayMs + freeAtMs - nowMs;
    };
    const readOn = (): void => {
      if (delayedBytes <= MAX_DELAYED_BYTES && !to.writableNeedDrain) from.resume();
      else from.pause();
    };
    from.on("data", (chunk: Buffer) => {
      if (this.#deaf) return;
      delayedBytes += chunk.length;
      line.push(delayOf(chunk.length), () => {
        delayedBytes -= chunk.length;
        if (to.destroyed) return;
        const leftBytes = this.#bytesLeft === Infinity ? chunk.length : Math.max(0, this.#bytesLeft - passedBytes);
        const passing = chunk.subarray(0, leftBytes);
        if (this.#bytesLeft !== Infinity) passedBytes += passing.length;
        count(passing.length);
        if (passing.length === chunk.length) to.write(chunk);
        // Written first, and reset when it is on its way: a reset drops what waits.
        else to.write(passing, () => this.reset());
        readOn();
      });
      readOn();
    });
    to.on("drain", readOn);
    from.on("end", () => {
      if (!this.#deaf) line.push(this.#conditions.delayMs, () => to.end());
    });
    // The target refused, or one side was reset: the other side must not wait for bytes that will never come.
    from.on("error", () => {
      if (!this.#deaf) to.resetAndDestroy();
    });
    return line;
  }
}
