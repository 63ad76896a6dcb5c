import { randomUUID } from "node:crypto";
import { toPubSubError } from "../errors.ts";
import { ANSWER_BYTES, BACKSTOP_ATTEMPTS } from "../limits.ts";
import { EXTEND } from "../scripts/extend.ts";
import { GIVE_BACK } from "../scripts/give-back.ts";
import type { Script } from "../scripts/script.ts";
import { TEND } from "../scripts/tend.ts";
import { TRIM } from "../scripts/trim.ts";
import type { WorkerSetup } from "./worker-setup.ts";

/** How many messages one call of a script moves at most. */
const MOVE_LIMIT = 200;

/** What a look at the retries and leases of a subscription has shown. */
export interface Tended {
  /** The ms until the next retry is due, or -1. */
  readonly dueMs: number;
  /** How many messages and ordering keys some worker has; of a look without leases, 0. */
  readonly held: number;
}

/** The scripts as one worker runs them. It is a consumer of its own, whose name nobody has had before. */
export class WorkerScripts {
  readonly consumer: string = randomUUID();
  readonly #setup: WorkerSetup;
  readonly #keys: readonly string[];
  readonly #common: readonly string[];
  /** Where to go on with looking at ordering keys. */
  #keyCursor = "0";
  #mayNotPublish = false;

  constructor(setup: WorkerSetup) {
    const { names, spec } = setup;
    this.#setup = setup;
    this.#keys = [names.stream, names.again, names.due, names.held, names.busy, names.parked];
    this.#common = [names.group, this.consumer, spec.topic.ordered ? "1" : "0"];
  }

  async run(script: Script, args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.#setup.connection.script(script, this.#keys, [...this.#common, ...args]);
  }

  /** Moves what is due, and with `leases` what nobody has renewed. */
  async tend(leases: boolean): Promise<Tended> {
    const { connection, names, spec } = this.#setup;
    const mostFailed = Number.isFinite(spec.maxRetries) ? spec.maxRetries + BACKSTOP_ATTEMPTS : -1;
    const limits = [mostFailed, MOVE_LIMIT, ANSWER_BYTES].map(String);
    const args = [String(leases ? spec.ackDeadlineMs : 0), ...limits, this.#keyCursor];
    const reply = await connection.script(TEND, [...this.#keys, names.dead], [...this.#common, ...args]);
    const [dueMs, lapsed, keyCursor, held] = reply as [number, number, Buffer, number];
    this.#keyCursor = keyCursor.toString();
    return { dueMs: lapsed >= MOVE_LIMIT ? 0 : dueMs, held: held + lapsed };
  }

  /** Resolves with the places that were lost. */
  async extend(places: readonly string[]): Promise<readonly string[]> {
    return ((await this.run(EXTEND, places)) as readonly Buffer[]).map(String);
  }

  /** Gives back what the server has given to this worker and is not `held`. */
  async recover(held: readonly string[]): Promise<void> {
    await this.run(GIVE_BACK, ["0", ...held]);
  }

  /** Gives everything back, that which is `held` as failed attempts. */
  async leave(held: readonly string[]): Promise<void> {
    await this.run(GIVE_BACK, ["1", ...held]);
  }

  /**
   * Publishes what is due of the topic, since whoever has scheduled it may be gone. Resolves with the ms until the next is due, or -1. A worker
   * that may not publish leaves it to the publishers from then on.
   */
  async publishDue(): Promise<number> {
    const { dueLooks, names, spec } = this.#setup;
    if (this.#mayNotPublish) return -1;
    try {
      return await dueLooks.publishDue(spec.topic, names);
    } catch (error) {
      if (toPubSubError(error, "publish what is due").code !== "PERMISSION_DENIED") throw error;
      this.#mayNotPublish = true;
      return -1;
    }
  }

  async trim(): Promise<void> {
    const { connection, names, spec } = this.#setup;
    await connection.script(TRIM, [names.stream], [String(spec.topic.retentionMs), spec.topic.replay ? "1" : "0"]);
  }
}
