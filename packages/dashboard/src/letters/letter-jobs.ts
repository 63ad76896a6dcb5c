import type { AnySubscription } from "@anytopic/core";
import type { LetterJobState } from "../api/letters.ts";
import type { DashboardContext } from "../context.ts";
import { HttpError } from "../http/http-error.ts";
import { LetterJob, type LetterJobOptions } from "./letter-job.ts";
import type { LetterReads } from "./letter-reads.ts";

/** Ended jobs that are listed. */
const MAX_ENDED = 50;
const MAX_RUNNING = 8;

/** The jobs of all visitors. */
export class LetterJobs {
  readonly #context: DashboardContext;
  readonly #reads: LetterReads;
  /** The oldest first. */
  #jobs: readonly LetterJob[] = [];

  constructor(context: DashboardContext, reads: LetterReads) {
    this.#context = context;
    this.#reads = reads;
  }

  /** The newest first. */
  get states(): readonly LetterJobState[] {
    return this.#jobs.map((job) => job.state).toReversed();
  }

  running(of: string): LetterJobState | undefined {
    return this.#jobs.find((job) => !job.isEnded && job.state.of === of)?.state;
  }

  /** @throws HttpError 409 when one runs on these letters, 429 when too many run */
  start(subscription: AnySubscription, options: LetterJobOptions): LetterJobState {
    const { of } = options;
    const other = this.running(of);
    if (other !== undefined) {
      throw new HttpError(
        409,
        "JOB_RUNS",
        `${other.user} runs a ${other.kind} on these letters: wait for its end, or stop it`,
      );
    }
    if (this.#jobs.filter((job) => !job.isEnded).length >= MAX_RUNNING) {
      throw new HttpError(429, "TOO_MANY_JOBS", `${MAX_RUNNING} jobs run already: wait until one has ended`);
    }
    const job = new LetterJob(options);
    this.#jobs = [...this.#jobs, job];
    void this.#run(job, subscription, options);
    return job.state;
  }

  /** @throws HttpError 404 */
  stop(id: string): LetterJobState {
    const job = this.#jobs.find((one) => one.id === id);
    if (job === undefined) throw new HttpError(404, "NOT_FOUND", "there is no such job");
    job.stop();
    return job.state;
  }

  async #run(
    job: LetterJob,
    subscription: AnySubscription,
    { of, kind, user, choice }: LetterJobOptions,
  ): Promise<void> {
    const { closed, logger, pubsub } = this.#context;
    const what = { user, action: kind, subscription: of, choice: choice.kind };
    logger.info({ ...what, letters: job.state.expected ?? undefined }, `${kind} of dead letters begins`);
    const { turns } = this.#reads;
    try {
      await job.run(
        async () => (await pubsub()).deadLetters(subscription),
        async (work) => await turns.run(of, work),
        closed,
      );
    } catch (error) {
      // Not its message, which may quote a letter.
      logger.error(
        { ...what, error: error instanceof Error ? error.name : typeof error },
        `${kind} of dead letters failed`,
      );
    }
    this.#reads.forget(of);
    const { state, done, heldBack } = job.state;
    logger.info({ ...what, state, letters: done, heldBack }, `${kind} of dead letters ended`);
    const ended = this.#jobs.filter((one) => one.isEnded);
    const dropped = new Set(ended.slice(0, -MAX_ENDED));
    this.#jobs = this.#jobs.filter((one) => !dropped.has(one));
  }
}
