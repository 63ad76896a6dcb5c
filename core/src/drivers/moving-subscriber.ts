import type { Clock } from "../base/clock.ts";
import { PubSubError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { pause } from "../base/pause.ts";
import { timeLeft } from "../base/time-left.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { within } from "../base/within.ts";

/** A `DeliverySink`, of deliveries that this does not look at. */
interface Sink<Delivery> {
  deliver(delivery: Delivery): void;
  revoke(delivery: Delivery): boolean;
  revokeAll(cause?: "seek"): void;
  failing(error: PubSubError): void;
  receiving(reconnected: boolean): void;
}

/** A `DriverSubscriber` in the same way. */
interface Subscriber<Delivery> {
  extend(deliveries: readonly Delivery[]): void;
  overdueMs?(): number;
  stop(timeoutMs: number): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

/** How the workers of a subscription are opened that can be put to another position. A `Position` says where the broker has it. */
export interface MovingSubscription<Position, Delivery> {
  /** For the log: topic and subscription. */
  readonly path: string;
  readonly sink: Sink<Delivery>;
  readonly context: { readonly clock: Clock; readonly logger: Logger };
  /** Where the subscription is now. Rejects with `NOT_FOUND` when it does not exist. */
  position(): Promise<Position>;
  isSame(one: Position, other: Position): boolean;
  /** Opens a subscriber at this position, and there only. It reports `NOT_FOUND` when the subscription is no longer there. */
  open(position: Position, sink: Sink<Delivery>): Promise<Subscriber<Delivery>>;
}

/** How long the subscriber at the former position may take to close, in ms. Nobody waits for it, except `close`. */
const LEAVE_MS = 5000;
const LOOK_AGAIN_MS = 1000;
/** How often the subscription may move while its first subscriber is being opened. */
const MAX_TRIES = 5;

/**
 * A worker on a subscription that `Driver.seek` puts to another position. Each position has a name of its own at the broker, so that a
 * late settle of a delivery from a former position finds nothing. When the subscriber reports that its position is gone, this asks where
 * the subscription is now, tells core that everything it holds is lost, and opens a subscriber there.
 */
export class MovingSubscriber<Position, Delivery> implements Subscriber<Delivery> {
  readonly #subscription: MovingSubscription<Position, Delivery>;
  readonly #closed = new AbortController();
  #position: Position;
  /** Undefined while one is being opened. */
  #inner: Subscriber<Delivery> | undefined;
  /** Tells apart what the current subscriber reports, and what former ones do. */
  #generation = 0;
  /** What the current subscriber has reported and not ended. */
  #failure: PubSubError | undefined;
  #following: Promise<void> | undefined;
  readonly #leaving = new Set<Promise<void>>();

  private constructor(subscription: MovingSubscription<Position, Delivery>, position: Position) {
    this.#subscription = subscription;
    this.#position = position;
  }

  /** @throws PubSubError as `position` and `open` do */
  static async open<Position, Delivery>(
    subscription: MovingSubscription<Position, Delivery>,
  ): Promise<Subscriber<Delivery>> {
    for (let tries = 1; ; tries += 1) {
      const position = await subscription.position();
      const made = new MovingSubscriber(subscription, position);
      try {
        made.#inner = await subscription.open(position, made.#sinkOf(0));
        if (made.#isGone) made.#follow();
        return made;
      } catch (error) {
        const hasMoved = isNotFound(error) && !subscription.isSame(position, await subscription.position());
        if (!hasMoved || tries === MAX_TRIES) throw error;
      }
    }
  }

  extend(deliveries: readonly Delivery[]): void {
    this.#inner?.extend(deliveries);
  }

  overdueMs(): number {
    return this.#inner?.overdueMs?.() ?? 0;
  }

  async stop(timeoutMs: number): Promise<void> {
    const { clock } = this.#subscription.context;
    const leftMs = timeLeft(clock, timeoutMs);
    this.#closed.abort();
    if (this.#following !== undefined) await within(clock, leftMs(), this.#following);
    await this.#inner?.stop(leftMs());
  }

  async close(timeoutMs: number): Promise<void> {
    const { clock } = this.#subscription.context;
    const leftMs = timeLeft(clock, timeoutMs);
    await this.stop(leftMs());
    await Promise.all([this.#inner?.close(leftMs()), within(clock, leftMs(), Promise.all(this.#leaving))]);
  }

  get #isGone(): boolean {
    return this.#failure !== undefined && isNotFound(this.#failure);
  }

  /** What a subscriber tells core, as long as it is the current one. */
  #sinkOf(generation: number): Sink<Delivery> {
    const { sink } = this.#subscription;
    const isCurrent = (): boolean => this.#generation === generation;
    return {
      deliver: (delivery) => {
        // Nobody would settle it when this worker stops while the subscriber is being opened.
        if (isCurrent() && (this.#inner !== undefined || !this.#closed.signal.aborted)) sink.deliver(delivery);
      },
      revoke: (delivery) => !isCurrent() || sink.revoke(delivery),
      revokeAll: (cause) => {
        if (isCurrent()) sink.revokeAll(cause);
      },
      failing: (error) => {
        if (!isCurrent()) return;
        this.#failure = error;
        if (!isNotFound(error)) sink.failing(error);
        else if (this.#inner !== undefined) this.#follow();
      },
      receiving: (reconnected) => {
        if (!isCurrent()) return;
        this.#failure = undefined;
        sink.receiving(reconnected);
      },
    };
  }

  #follow(): void {
    if (this.#closed.signal.aborted) return;
    this.#following ??= this.#look().finally(() => (this.#following = undefined));
  }

  /** Looks where the subscription is until a subscriber receives from there, here or at another position. */
  async #look(): Promise<void> {
    const { path, sink, context } = this.#subscription;
    const { signal } = this.#closed;
    let told: PubSubError | undefined;
    const tell = (error: PubSubError): void => {
      if (told?.code !== error.code) sink.failing(error);
      told = error;
    };
    while (!signal.aborted && (this.#isGone || this.#inner === undefined)) {
      try {
        // It may wait for a connection, and this worker may stop before there is one.
        const position = await untilAborted(this.#subscription.position(), signal);
        if (this.#inner === undefined || !this.#subscription.isSame(position, this.#position)) {
          await this.#moveTo(position);
          context.logger.info(
            { subscription: path },
            "the subscription was put to another position: receiving from there",
          );
          if (this.#failure === undefined) sink.receiving(false);
          continue;
        }
        tell(this.#failure as PubSubError);
      } catch (error) {
        if (signal.aborted) return;
        tell(error instanceof PubSubError ? error : new PubSubError("UNKNOWN", `look for ${path}`, { cause: error }));
      }
      await pause(context.clock, LOOK_AGAIN_MS, signal);
    }
  }

  async #moveTo(position: Position): Promise<void> {
    const { sink } = this.#subscription;
    const former = this.#inner;
    this.#generation += 1;
    this.#inner = undefined;
    this.#failure = undefined;
    if (former !== undefined) this.#leave(former);
    sink.revokeAll("seek");
    this.#position = position;
    const opened = await this.#subscription.open(position, this.#sinkOf(this.#generation));
    if (this.#closed.signal.aborted) this.#leave(opened);
    else this.#inner = opened;
  }

  #leave(former: Subscriber<Delivery>): void {
    const leaving = former.close(LEAVE_MS).then(
      () => void this.#leaving.delete(leaving),
      () => void this.#leaving.delete(leaving),
    );
    this.#leaving.add(leaving);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof PubSubError && error.code === "NOT_FOUND";
}
