import { AsyncLocalStorage } from "node:async_hooks";
import type { AttemptEnd, AttemptInfo, Instrumentation, PublishInfo } from "@anytopic/core";

/** One attempt whose handler or reader has it. */
export interface OpenAttempt {
  readonly info: AttemptInfo;
  readonly startedMs: number;
  /** How often its handler waits for the test's clock now. */
  sleeping: number;
  hasReturned: boolean;
  end: AttemptEnd | undefined;
  /** Rejects when the process of the handler ends, as far as a test can do that. */
  readonly crashed: Promise<never>;
  hasCrashed: boolean;
  readonly crash: () => void;
}

/** Who wants to know what core does. */
export interface ActivityListener {
  now(): number;
  started(info: AttemptInfo): void;
  ended(info: AttemptInfo, end: AttemptEnd, startedMs: number): void;
}

/** What is under way in core: publishes that are not answered, handlers that run. Counted, so that the test knows when all is at rest. */
export class Activity {
  /** For `connect({ instrumentation })`. */
  readonly instrumentation: Instrumentation;
  readonly #listener: ActivityListener;
  readonly #current = new AsyncLocalStorage<OpenAttempt>();
  readonly #attempts = new Set<OpenAttempt>();
  /** The publishes that are not answered, each with the attempt whose handler waits for it. */
  readonly #publishes = new Map<PublishInfo, OpenAttempt | undefined>();
  /** How many publishes of a message wait for virtual time, by topic and id. */
  readonly #late = new Map<string, number>();
  #other = 0;
  #changed = Promise.withResolvers<void>();

  constructor(listener: ActivityListener) {
    this.#listener = listener;
    this.instrumentation = {
      publish: (info) => {
        this.#publishes.set(info, this.current);
        return () => {
          this.#publishes.delete(info);
          this.#change();
        };
      },
      handle: (info, run) => this.#handle(info, run),
      receive: (info) => {
        const attempt = this.#start(info);
        attempt.hasReturned = true;
        return (end) => this.#end(attempt, end);
      },
      skip: (info, end) => {
        listener.ended(info, end, listener.now());
        this.#change();
      },
    };
  }

  /** The attempt whose handler calls this; `undefined` outside of handlers. */
  get current(): OpenAttempt | undefined {
    return this.#current.getStore();
  }

  get attempts(): readonly OpenAttempt[] {
    return [...this.#attempts];
  }

  /** Publishes that are not answered and do not wait for virtual time. */
  get publishes(): readonly PublishInfo[] {
    const late = new Set(this.latePublishes);
    return [...this.#publishes.keys()].filter((info) => !late.has(info));
  }

  /** The attempts whose handlers wait for virtual time. */
  get sleepers(): ReadonlySet<OpenAttempt> {
    const waiting = this.latePublishes
      .map((info) => this.#publishes.get(info))
      .filter((attempt) => attempt !== undefined);
    const sleepers = new Set([...waiting, ...[...this.#attempts].filter(({ sleeping }) => sleeping > 0)]);
    // A batch handler waits for all of its messages.
    const batches = new Set([...sleepers].flatMap(({ info }) => info.batch ?? []));
    for (const attempt of this.#attempts) {
      if (attempt.info.batch !== undefined && batches.has(attempt.info.batch)) sleepers.add(attempt);
    }
    return sleepers;
  }

  /** Whether something is under way that real time will end. `places`: how many places of workers are taken. */
  isBusy(places: number): boolean {
    if (this.#other > 0 || this.publishes.length > 0) return true;
    const { sleepers } = this;
    let known = 0;
    for (const attempt of this.#attempts) {
      if (!sleepers.has(attempt)) return true;
      const { end, hasReturned } = attempt;
      if (end === undefined || (end.outcome === "lost" && !hasReturned)) known += 1;
    }
    // The others wait for an asynchronous schema, for the inbox, or for a letter to be stored.
    return places > known;
  }

  /** Resolves at the next change. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Virtual time has to confirm a publish of this message: who waits for it does not keep time from moving. */
  confirmedLater(topic: string, id: string): void {
    const key = `${topic} ${id}`;
    this.#late.set(key, (this.#late.get(key) ?? 0) + 1);
    this.#change();
  }

  /** That time has come. */
  confirmedNow(topic: string, id: string): void {
    const key = `${topic} ${id}`;
    const left = (this.#late.get(key) ?? 0) - 1;
    if (left > 0) this.#late.set(key, left);
    else this.#late.delete(key);
    this.#change();
  }

  /**
   * The publishes that only virtual time can answer. Of several publishes of one message, nobody knows which one is late: they are, when
   * there are no others.
   */
  get latePublishes(): readonly PublishInfo[] {
    if (this.#late.size === 0) return [];
    const open = [...this.#publishes.keys()];
    const openOf = (topic: string, id: string): number =>
      open.filter((info) => info.topic === topic && info.id === id).length;
    return open.filter(({ topic, id }) => openOf(topic, id) <= (this.#late.get(`${topic} ${id}`) ?? 0));
  }

  /** Counts `work` as under way. */
  async during(work: Promise<unknown>): Promise<void> {
    this.#other += 1;
    try {
      await work;
    } finally {
      this.#other -= 1;
      this.#change();
    }
  }

  /** The current handler waits for the test's clock during `wait`. */
  async sleeping(wait: Promise<void>): Promise<void> {
    const attempt = this.current;
    if (attempt === undefined) return await wait;
    attempt.sleeping += 1;
    this.#change();
    try {
      await wait;
    } finally {
      attempt.sleeping -= 1;
    }
  }

  #handle(info: AttemptInfo, run: (ended: (end: AttemptEnd) => void) => unknown): unknown {
    const attempt = this.#start(info);
    const returned = (): void => {
      attempt.hasReturned = true;
      this.#forget(attempt);
    };
    let result: unknown;
    try {
      result = this.#current.run(attempt, () => run((end) => this.#end(attempt, end)));
    } catch (error) {
      returned();
      throw error;
    }
    if (!isThenable(result)) {
      returned();
      return attempt.hasCrashed ? attempt.crashed : result;
    }
    const handling = Promise.resolve(result);
    handling.then(returned, returned);
    return Promise.race([attempt.crashed, handling]);
  }

  #start(info: AttemptInfo): OpenAttempt {
    const { promise: crashed, reject } = Promise.withResolvers<never>();
    crashed.catch(() => {});
    const attempt: OpenAttempt = {
      info,
      startedMs: this.#listener.now(),
      sleeping: 0,
      hasReturned: false,
      end: undefined,
      crashed,
      hasCrashed: false,
      crash(): void {
        attempt.hasCrashed = true;
        reject(new Error("the worker crashed, as this test demands"));
      },
    };
    this.#attempts.add(attempt);
    this.#listener.started(info);
    return attempt;
  }

  #end(attempt: OpenAttempt, end: AttemptEnd): void {
    attempt.end = end;
    this.#listener.ended(attempt.info, end, attempt.startedMs);
    this.#forget(attempt);
  }

  #forget(attempt: OpenAttempt): void {
    if (attempt.hasReturned && attempt.end !== undefined) this.#attempts.delete(attempt);
    this.#change();
  }

  #change(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

/** Not `instanceof Promise`: test runners give each file a realm with a `Promise` of its own. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
