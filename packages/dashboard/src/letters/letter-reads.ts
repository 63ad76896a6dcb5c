import type { AnySubscription } from "@anytopic/core";
import type { DashboardContext } from "../context.ts";
import { type LetterRead, readLetters } from "./letter-read.ts";
import { Turns } from "./turns.ts";

/** Subscriptions of which a read is kept. */
const MAX_READS = 4;
/** Visitors who ask within this time get the same read. */
const SHARED_MS = 3000;

interface Known {
  read: LetterRead | undefined;
  /** Whether an action has changed the queue since. */
  isStale: boolean;
  reading: Promise<LetterRead> | undefined;
}

/** The reads of the letters: each is used for all pages and searches of it. */
export class LetterReads {
  /** One at a time for each subscription: a read hides letters from a redrive on some brokers. */
  readonly turns: Turns = new Turns();
  readonly #context: DashboardContext;
  readonly #known = new Map<string, Known>();

  constructor(context: DashboardContext) {
    this.#context = context;
  }

  /** The last one, whatever its age. */
  last(of: string): LetterRead | undefined {
    return this.#known.get(of)?.read;
  }

  /** The read with this id, or a new one. */
  async at(of: string, subscription: AnySubscription, id: string | undefined): Promise<LetterRead> {
    const known = this.#known.get(of);
    if (known?.read !== undefined && known.read.id === id) return known.read;
    return await this.fresh(of, subscription);
  }

  /** A read that is at most 3 s old, and younger than every action. Waits until no action is under way. */
  async fresh(of: string, subscription: AnySubscription): Promise<LetterRead> {
    const known = this.#use(of);
    const { read } = known;
    if (read !== undefined && !known.isStale && Date.now() - read.timeMs < SHARED_MS) return read;
    known.reading ??= this.#read(of, subscription, known).finally(() => {
      known.reading = undefined;
    });
    return await known.reading;
  }

  /** An action has changed the queue. */
  forget(of: string): void {
    const known = this.#known.get(of);
    if (known !== undefined) known.isStale = true;
  }

  async #read(of: string, subscription: AnySubscription, known: Known): Promise<LetterRead> {
    const { closed, pubsub } = this.#context;
    const queue = (await pubsub()).deadLetters(subscription);
    return await this.turns.run(of, async () => {
      const read = await readLetters(queue, closed);
      known.read = read;
      known.isStale = false;
      return read;
    });
  }

  /** Moves it to the end, and drops those that were not used for longest. */
  #use(of: string): Known {
    const known = this.#known.get(of) ?? { read: undefined, isStale: false, reading: undefined };
    this.#known.delete(of);
    this.#known.set(of, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_READS) break;
      this.#known.delete(oldest);
    }
    return known;
  }
}
