import { CLOSE_GRACE_MS, pause, type ReceivingReports, retryPauseMs, within } from "@anytopic/core/driver";
import type { Reader } from "../connection/reader.ts";
import { toPubSubError } from "../errors.ts";
import type { Entry } from "../wire/entry.ts";
import type { WorkerPart, WorkerSetup } from "./worker-setup.ts";

/** How long a turn of the loop may take: to connect, to recover, to take and to wait for a message. */
const ANSWER_MS = 30_000;

/** The worker that receives the messages. */
export interface ReadTarget {
  /** How many more messages may be asked for. */
  room(): number;
  /** Asks for messages, and waits a moment for the first one. */
  fetch(reader: Reader, room: number): Promise<readonly Entry[]>;
  entries(entries: readonly Entry[]): void;
  /** An answer may have been lost: gives back what the server has given to the worker and the worker has not got. */
  recover(): Promise<void>;
}

/** Asks for messages again and again, when there is room, on a connection of its own. */
export class ReadLoop {
  readonly #setup: WorkerSetup;
  readonly #target: ReadTarget;
  readonly #reports: ReceivingReports<WorkerPart>;
  readonly #stopping = new AbortController();
  readonly #ended: (() => void)[] = [];
  #reader: Reader | undefined;
  #mayHaveLost = false;
  /** When it last began to ask, or was answered, by the monotonic clock. */
  #turnedMs = 0;
  /** Whether it waits for room, for a connection or for the end of a pause. */
  #waits = false;
  #roomWaiter: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(setup: WorkerSetup, target: ReadTarget, reports: ReceivingReports<WorkerPart>) {
    this.#setup = setup;
    this.#target = target;
    this.#reports = reports;
    this.#ended.push(setup.connection.onLost(() => this.mayHaveLost()));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be room again. Cheap: called after every settle. */
  wake(): void {
    this.#roomWaiter?.();
  }

  /** See `DriverSubscriber.overdueMs`. A read is answered, or fails, within some seconds: only a loop that has stopped is overdue. */
  overdueMs(): number {
    if (this.#waits || this.#turnedMs === 0 || this.#stopping.signal.aborted || !this.#setup.connection.connected)
      return 0;
    return Math.max(0, this.#setup.connection.context.clock.monotonicNow() - this.#turnedMs - ANSWER_MS);
  }

  /** Makes it recover before it asks again. */
  mayHaveLost(): void {
    this.#mayHaveLost = true;
    this.#reader?.unblock();
  }

  /** Resolves within `timeoutMs`. After that it hands out nothing. */
  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    for (const end of this.#ended) end();
    this.#stopping.abort();
    this.wake();
    this.#reader?.stopWaiting();
    await within(this.#setup.connection.context.clock, timeoutMs, this.#running ?? Promise.resolve());
    this.#reader?.close();
    this.#reader = undefined;
    this.#isOver = true;
  }

  #isOver = false;

  async #run(): Promise<void> {
    const { connection } = this.#setup;
    const { clock, random } = connection.context;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      const room = this.#target.room();
      this.#turnedMs = clock.monotonicNow();
      if (room <= 0) {
        await this.#waiting(this.#untilRoom());
        continue;
      }
      try {
        await this.#waiting(this.#connected());
        this.#turnedMs = clock.monotonicNow();
        if (signal.aborted) return;
        this.#reader ??= await connection.openReader(this.#setup.names.stream);
        if (this.#mayHaveLost) {
          this.#mayHaveLost = false;
          await this.#target.recover();
        }
        if (signal.aborted) return;
        const entries = await this.#target.fetch(this.#reader, this.#target.room());
        if (this.#isOver) return;
        failures = 0;
        this.#reports.receiving("reads");
        if (entries.length > 0) this.#target.entries(entries);
      } catch (error) {
        this.#mayHaveLost = true;
        this.#reader?.close();
        this.#reader = undefined;
        if (signal.aborted) return;
        const mapped = toPubSubError(
          error,
          `read from group ${this.#setup.names.group} of ${this.#setup.names.stream}`,
        );
        this.#reports.failing("reads", mapped, mapped.code === "UNAVAILABLE");
        failures += 1;
        await this.#waiting(pause(clock, retryPauseMs(failures, random, mapped), signal));
      }
    }
  }

  async #waiting(work: Promise<void>): Promise<void> {
    this.#waits = true;
    await work.finally(() => (this.#waits = false));
  }

  async #untilRoom(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#roomWaiter = resolve;
    });
    this.#roomWaiter = undefined;
  }

  /** Resolves when there is a connection, or it stops. */
  async #connected(): Promise<void> {
    const { connection } = this.#setup;
    if (connection.connected) return;
    this.#reports.failing("reads", connection.unavailable(), true);
    const { signal } = this.#stopping;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => resolve();
    signal.addEventListener("abort", end, { once: true });
    await Promise.race([promise, connection.waitUntilConnected()]);
    signal.removeEventListener("abort", end);
  }
}
