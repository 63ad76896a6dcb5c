import { type PubSub, PubSubError } from "@anytopic/core";
import { pause, retryPauseMs, within } from "@anytopic/core/driver";
import type { Listening } from "@anytopic/sql";
import { type CheckedRelayOptions, LANES, MAX_BATCH_BYTES } from "./checked-options.ts";
import { Floors } from "./floors.ts";
import { LaneQueue } from "./lane-queue.ts";
import type { RelayHealth } from "./relay-health.ts";
import { type RelayStatistics, readRelayStatistics } from "./relay-statistics.ts";
import { Rest } from "./rest.ts";
import { type LaneServer, type LaneWork, serveLane } from "./serve-lane.ts";
import type { LaneReport, SettleRules } from "./settle-lane.ts";
import type { OutboxTables } from "./sql/outbox-tables.ts";
import { lanesWithWork, topicHolds } from "./sql/read-statements.ts";
import { run } from "./sql/statement.ts";
import { WORDS } from "./sql/words.ts";
import { TopicStates } from "./topic-states.ts";
import { type WakeCalls, wakeChannel } from "./wake-calls.ts";

/** How long closing may take beyond its timeout, in ms: to settle what was published, and then to end the transactions. */
const CLOSE_STEP_MS = 1000;
/** How often `drained` looks, in ms. */
const DRAIN_LOOK_MS = 10;
/** For how long the outbox counts as busy after the last message, in ms. */
const BUSY_MS = 2000;

/**
 * Publishes the messages of an outbox, until it is closed. Any number of relays may run at once, in any number of processes. Messages of one
 * ordering key are published in the order in which their transactions committed.
 *
 * A message is deleted after the broker has accepted it. When a relay dies between the two, the message is published again with the same
 * id: brokers with a deduplication window and inboxes recognise it.
 */
export class Relay implements AsyncDisposable {
  readonly #options: CheckedRelayOptions;
  readonly #tables: OutboxTables;
  readonly #forget: () => void;
  readonly #server: LaneServer;
  readonly #states: TopicStates;
  readonly #floors: Floors | undefined;
  readonly #queue: LaneQueue;
  readonly #rest: Rest;
  readonly #stopped = new AbortController();
  readonly #cut = new AbortController();
  readonly #closed = new AbortController();
  readonly #runners: Promise<unknown>;
  readonly #listening: Promise<void>;
  #closing: Promise<void> | undefined;
  #published = 0;
  #parked = 0;
  #publishedMs = Number.NEGATIVE_INFINITY;
  #databaseFailures = 0;
  #databaseError: unknown;

  /** For `Outbox.relay`. */
  constructor(pubsub: PubSub, tables: OutboxTables, options: CheckedRelayOptions, calls: WakeCalls) {
    const { pool, topics, clock, lanes } = options;
    const { dialect } = pool;
    this.#options = options;
    this.#tables = tables;
    this.#forget = calls.add(this);
    this.#states = new TopicStates(topics.keys(), Math.random);
    this.#floors = dialect === "postgres" ? new Floors(this.#tables) : undefined;
    this.#queue = new LaneQueue(async () => await this.#find());
    this.#rest = new Rest(clock);
    this.#server = {
      pool,
      pubsub,
      topics,
      floors: this.#floors,
      size: { messages: options.batchMessages, bytes: MAX_BATCH_BYTES },
      publishTimeoutMs: options.publishTimeoutMs,
      clock,
      stopped: this.#stopped.signal,
      cut: this.#cut.signal,
      settleRules: () => this.#settleRules(),
    };
    this.#runners = Promise.all(Array.from({ length: lanes }, async () => await this.#runner()));
    this.#listening = options.listen ? this.#listen() : Promise.resolve();
  }

  /** Looks into the outbox at once. Call it after a commit, to save the time until the next look. Cheap. */
  wake(): void {
    this.#queue.look();
    this.#rest.end();
  }

  /**
   * Resolves when no message is left that this relay can publish now. Messages that are held or parked stay, those of a topic whose broker
   * cannot be reached, and those in lanes that other relays serve. Rejects with the abort reason of `signal`, or when the relay is closed.
   */
  async drained(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    const { signal } = options;
    this.wake();
    // A look may be under way that has begun before this call. The one after it has not.
    const enough = this.#queue.emptyLooks + 2;
    while (this.#queue.emptyLooks < enough) {
      signal?.throwIfAborted();
      if (this.#closing !== undefined) throw new PubSubError("CLOSED", "relay: closed before everything was published");
      await pause(this.#options.clock, DRAIN_LOOK_MS, signal);
      this.wake();
    }
  }

  /** The state now, without a request to anybody. */
  health(): RelayHealth {
    const topics = this.#states.names.map((topic) => this.#states.health(topic));
    const isDown = this.#databaseFailures > 0;
    const isClosing = this.#closing !== undefined;
    return {
      status: isDown || isClosing ? "down" : topics.every(({ state }) => state === "publishing") ? "up" : "degraded",
      closing: isClosing,
      databaseError: isDown ? shownDatabaseError(this.#databaseError) : undefined,
      topics,
      published: this.#published,
      parked: this.#parked,
    };
  }

  /** What is in the outbox now, of the topics of this relay. Counts rows: poll at most every 15 s, in one process. */
  async stats(): Promise<RelayStatistics> {
    const { pool } = this.#options;
    return await readRelayStatistics(pool, this.#tables, this.#states.names);
  }

  /**
   * Stops. Waits up to `timeoutMs` for the messages that are being published, then up to 2 s until their transactions have ended. What was not
   * confirmed by then is published again by another relay. Idempotent; never rejects. @param options `timeoutMs`: @default 10,000
   */
  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? 10_000);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutMs: number): Promise<void> {
    const { clock, logger } = this.#options;
    const ended = Promise.all([this.#runners, this.#listening]);
    this.#closed.abort();
    this.#rest.end();
    if (!(await within(clock, timeoutMs, ended))) {
      logger.warn({ timeoutMs }, "relay: messages are still being published after the time for closing, stopping");
      this.#stopped.abort(new Error("relay: closed"));
      if (!(await within(clock, CLOSE_STEP_MS, ended))) {
        this.#cut.abort(new Error("relay: closed"));
        await within(clock, CLOSE_STEP_MS, ended);
      }
    }
    this.#forget();
  }

  get #isClosing(): boolean {
    return this.#closed.signal.aborted;
  }

  async #runner(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#isClosing) {
      const { calls } = this.#rest;
      try {
        const work = await this.#queue.next();
        if (work !== undefined) await this.#serve(work);
        else {
          await this.#rest.pause(this.#pollMs(), calls);
          this.#queue.look();
        }
      } catch (error) {
        this.#databaseFailed(error);
        await pause(clock, retryPauseMs(this.#databaseFailures, Math.random), this.#closed.signal);
      }
    }
  }

  #pollMs(): number {
    const { clock, busyPollMs, idlePollMs } = this.#options;
    const isBusy = clock.monotonicNow() - this.#publishedMs < BUSY_MS;
    return isBusy ? Math.min(busyPollMs, idlePollMs) : idlePollMs;
  }

  /** The lanes that have messages which may be published now. */
  async #find(): Promise<readonly LaneWork[]> {
    const { pool, clock } = this.#options;
    const rows = await run(pool, topicHolds(this.#tables, WORDS[pool.dialect], this.#states.names));
    this.#states.holds(rows.map(holdRow));
    const parts = this.#states
      .ready(clock.monotonicNow())
      .map((topic) => ({ topic, floor: this.#floors?.lowest(LANES, topic) ?? 0 }));
    const found = new Map<number, string[]>();
    if (parts.length > 0) {
      for (const row of await run(pool, lanesWithWork(this.#tables, WORDS[pool.dialect], parts))) {
        const lane = Number(row["lane"]);
        const { topic } = parts[Number(row["topic_index"])] as { readonly topic: string };
        found.set(lane, [...(found.get(lane) ?? []), topic]);
      }
    }
    this.#databaseWorks();
    return [...found].map(([lane, topics]) => ({ lane, topics }));
  }

  async #serve(work: LaneWork): Promise<void> {
    let turn: LaneReport | undefined;
    try {
      turn = await serveLane(this.#server, work);
    } finally {
      const done = turn === undefined ? 0 : turn.published + turn.parked.length;
      this.#queue.done(work, done === 0);
    }
    this.#databaseWorks();
    if (turn !== undefined) this.#report(turn);
  }

  #report(turn: LaneReport): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicNow();
    this.#published += turn.published;
    this.#parked += turn.parked.length;
    if (turn.published > 0) this.#publishedMs = nowMs;
    for (const { row, reason } of turn.parked) {
      const { topic, attempts, message } = row;
      logger.error({ topic, id: message.id, attempts: attempts + 1 }, `relay: a message was parked: ${reason}`);
    }
    for (const { topic, state, error } of this.#states.report(turn, nowMs)) {
      if (error === undefined) logger.info({ topic }, "relay: publishing again");
      else if (state === "held")
        logger.error({ topic, code: error.code }, `relay: the topic is held: ${error.message}`);
      else logger.warn({ topic, code: error.code }, `relay: waiting for the broker: ${error.message}`);
    }
  }

  #settleRules(): SettleRules {
    const { pool, maxAttempts, onParked } = this.#options;
    const { holdAttempts } = this.#states;
    const words = WORDS[pool.dialect];
    return { tables: this.#tables, words, maxAttempts, onParked, topicAttempts: holdAttempts, random: Math.random };
  }

  #databaseFailed(error: unknown): void {
    if (this.#isClosing) return;
    this.#databaseFailures += 1;
    this.#databaseError = error;
    if (this.#databaseFailures > 1) return;
    this.#options.logger.error({}, `relay: the database failed, trying again: ${shownDatabaseError(error).message}`);
  }

  #databaseWorks(): void {
    if (this.#databaseFailures === 0) return;
    this.#databaseFailures = 0;
    this.#options.logger.info({}, "relay: the database works again");
  }

  /** Hears wake-ups until the relay is closed, with a new connection whenever one is lost. */
  async #listen(): Promise<void> {
    const { pool, clock } = this.#options;
    const closed = this.#closed.signal;
    for (let failures = 1; !closed.aborted; failures += 1) {
      const lost = new AbortController();
      let listening: Listening | undefined;
      try {
        listening = await pool.listen?.(
          wakeChannel(this.#tables),
          () => this.wake(),
          () => lost.abort(),
        );
        failures = 0;
        // What was written while nobody listened.
        this.wake();
        await pause(clock, Number.POSITIVE_INFINITY, AbortSignal.any([closed, lost.signal]));
      } catch {
        // The runners report that the database fails.
      }
      await listening?.close();
      if (!closed.aborted) await pause(clock, retryPauseMs(failures + 1, Math.random), closed);
    }
  }
}

function holdRow(row: Readonly<Record<string, unknown>>): Parameters<TopicStates["holds"]>[0][number] {
  return {
    topic: String(row["topic"]),
    attempts: Number(row["attempts"]),
    reason: String(row["error"]),
    holds: Number(row["holds"]) === 1,
  };
}

/** The kind of a database's error, and its code: its text may contain values. */
function shownDatabaseError(error: unknown): { readonly code: string | undefined; readonly message: string } {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  const name = error instanceof Error ? error.name : typeof error;
  return { code, message: code === undefined ? name : `${name} ${code}` };
}
