/**
 * How many settles the server passes on to a quorum queue before the first of them is applied: `SOFT_LIMIT` in
 * `rabbit_fifo_client.erl` (3.10 to 4.3, read 2026-11-22).
 */
const PASSED_ON_AT_ONCE = 32;
/** In which settles are applied, unless the disk is slow: 10 ms were always enough on a quiet machine. */
const MIN_CALM_MS = 300;
/** A server that takes longer than that to answer is not waited for: closing has to end. */
const MAX_CALM_MS = 5000;

/**
 * Whether settles may still wait inside the server. Those beyond `PASSED_ON_AT_ONCE` wait in the process of their channel, and
 * are forgotten when it is closed: the messages come again although they were acknowledged.
 * https://github.com/rabbitmq/rabbitmq-server/issues/10327 (read 2026-11-22; seen on 3.10.8: of 40 acks before a close, 1 to 8
 * were lost in three of four runs).
 *
 * AMQP has no answer to an ack, so the channel stays open for a while instead. Nothing certain was found in its place. A cancel
 * goes through the queue's log behind the settles; but on an unordered subscription it comes first, so that nothing new arrives,
 * and on an ordered one it would pass the queue on over the heads of what is still held. To consume once more would fetch
 * messages only to give them back, at the price of an attempt each. Looking at a queue reads its state past the log.
 */
export class SettleBurst {
  #count = 0;
  #lastMs = 0;
  #calmMs = MIN_CALM_MS;

  sent(count: number, nowMs: number): void {
    if (nowMs - this.#lastMs > this.#calmMs) this.#count = 0;
    this.#count += count;
    this.#lastMs = nowMs;
  }

  /** How many settles may be under way. */
  get count(): number {
    return this.#count;
  }

  /**
   * The server answered a cancel, for which it waits until the queue has applied everything before: `count` settles as it was
   * then. What was sent while the answer was on its way is not among them.
   */
  applied(count: number, tookMs: number): void {
    this.#count = Math.max(0, this.#count - count);
    this.#calmMs = Math.min(MAX_CALM_MS, Math.max(MIN_CALM_MS, 4 * tookMs));
  }

  /** How long the channel has to stay open yet. */
  openMs(nowMs: number): number {
    return this.#count < PASSED_ON_AT_ONCE ? 0 : Math.max(0, this.#lastMs + this.#calmMs - nowMs);
  }
}
