import { randomUUID } from "node:crypto";
import { type DeadLetterQueue, PubSubError, type RedriveOptions } from "@anytopic/core";
import type { LetterChoice, LetterJobState } from "../api/letters.ts";
import { isChosen } from "./chosen-letters.ts";

/** The leases of letters that a redrive leaves end after 60 s; a slow redrive makes slices that are shorter. */
const SLICE_SECONDS = 20;

export interface LetterJobOptions {
  readonly kind: LetterJobState["kind"];
  /** `topic/name` */
  readonly of: string;
  readonly user: string;
  readonly choice: LetterChoice;
  /** Letters that failed later are left. */
  readonly upToMs: number;
  readonly expected: number | null;
  readonly perSecond: number | null;
  readonly edit: ReturnType<NonNullable<RedriveOptions["edit"]>>;
}

/** Gets its turn at the queue: a read of it and another slice are not at the same time. */
export type InTurn = (work: () => Promise<boolean>) => Promise<boolean>;

/** One redrive or purge. Goes on when the page is closed. */
export class LetterJob {
  readonly id: string = randomUUID();
  readonly #options: LetterJobOptions;
  readonly #stop = new AbortController();
  readonly #started = new Date().toISOString();
  #state: LetterJobState["state"] = "waiting";
  #ended: string | null = null;
  #done = 0;
  #seen = 0;
  #heldBack = 0;
  #error: string | null = null;

  constructor(options: LetterJobOptions) {
    this.#options = options;
  }

  get isEnded(): boolean {
    return this.#ended !== null;
  }

  get state(): LetterJobState {
    const { kind, of, user, choice, expected, perSecond } = this.#options;
    return {
      id: this.id,
      kind,
      of,
      user,
      choice: choice.kind,
      state: this.#state,
      started: this.#started,
      ended: this.#ended,
      expected,
      done: this.#done,
      seen: this.#seen,
      heldBack: this.#heldBack,
      perSecond,
      error: this.#error,
    };
  }

  /** Ends after the current letter. */
  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  /** Resolves when it has ended, in whatever way. */
  async run(open: () => Promise<DeadLetterQueue>, inTurn: InTurn, closed: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, closed]);
    try {
      const queue = await open();
      const { choice, upToMs } = this.#options;
      const filter = isChosen(choice, upToMs);
      const slice = async (): Promise<boolean> => {
        signal.throwIfAborted();
        this.#state = "running";
        return await this.#slice(queue, filter, signal);
      };
      while (await inTurn(slice));
      this.#state = "done";
    } catch (error) {
      this.#state = signal.aborted ? "stopped" : "failed";
      if (!signal.aborted) this.#error = error instanceof PubSubError ? error.message : "see the dashboard's log";
      if (!signal.aborted && !(error instanceof PubSubError)) throw error;
    } finally {
      this.#ended = new Date().toISOString();
    }
  }

  /** Returns whether there may be more. */
  async #slice(queue: DeadLetterQueue, filter: RedriveOptions["filter"], signal: AbortSignal): Promise<boolean> {
    const { kind, choice, perSecond, edit } = this.#options;
    const before = this.#done;
    const most = choice.kind === "letters" ? choice.refs.length - before : undefined;
    if (most === 0) return false;
    const slice = perSecond === null ? undefined : perSecond * SLICE_SECONDS;
    const limit = Math.min(most ?? Number.POSITIVE_INFINITY, slice ?? Number.POSITIVE_INFINITY);
    const onProgress = (done: number, seen: number): void => {
      this.#done = before + done;
      this.#seen = seen;
    };
    const selection = { filter, signal, onProgress, ...(Number.isFinite(limit) ? { limit } : {}) };
    if (kind === "purge") {
      await queue.purge(selection);
      return false;
    }
    const done = await queue.redrive({
      ...selection,
      ...(perSecond === null ? {} : { rate: { max: perSecond, perMs: 1000 } }),
      ...(edit === undefined ? {} : { edit: () => edit }),
      onHeldBack: () => {
        this.#heldBack += 1;
      },
    });
    return slice !== undefined && done === limit;
  }
}
