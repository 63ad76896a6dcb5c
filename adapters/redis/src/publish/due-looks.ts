import type { TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import type { TopicNames } from "../names.ts";
import { publishDue } from "./publish-due.ts";

/** How long the workers of one connection trust in what one of them has seen, in ms. */
const FRESH_MS = 2500;

interface Look {
  readonly atMs: number;
  /** The ms from `atMs` until the next message is due, or -1. */
  readonly next: Promise<number>;
}

/** The looks of all workers of one connection for scheduled messages that are due: those of a topic share one. */
export class DueLooks {
  readonly #connection: Connection;
  readonly #looks = new Map<string, Look>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** As `publishDue`, or what another worker has just seen. */
  async publishDue(topic: TopicSpec, names: TopicNames): Promise<number> {
    const { clock } = this.#connection.context;
    const known = this.#looks.get(names.stream);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : clock.monotonicNow() - known.atMs;
    if (known !== undefined && ageMs < FRESH_MS) {
      const nextMs = await known.next;
      if (nextMs < 0) return -1;
      if (nextMs > ageMs) return nextMs - ageMs;
    }
    const look: Look = { atMs: clock.monotonicNow(), next: publishDue(this.#connection, topic, names) };
    this.#looks.set(names.stream, look);
    try {
      return await look.next;
    } catch (error) {
      if (this.#looks.get(names.stream) === look) this.#looks.delete(names.stream);
      throw error;
    }
  }
}
