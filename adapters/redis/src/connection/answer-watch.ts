import type { Clock, TimerHandle } from "@anytopic/core/driver";

/** The connection that is watched. */
export interface Watched {
  /** Resolves when the server has answered; rejects when the connection is lost. */
  ask(): Promise<unknown>;
  /** The server answers again after `silent`. */
  answering(): void;
  /** This many questions in a row were not answered in time. */
  silent(unanswered: number): void;
}

/** The longest time for an answer, in ms. A round trip takes milliseconds; a server that pauses for longer is not up. */
const MAX_ANSWER_MS = 3000;

/** Asks the server regularly whether it is alive: an open socket does not prove it. */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #watched: Watched;
  #timer: TimerHandle = undefined;
  #deadline: TimerHandle = undefined;
  #unanswered = 0;
  /** Only an answer of the current round counts. */
  #round = 0;

  constructor(clock: Clock, intervalMs: number, watched: Watched) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#watched = watched;
  }

  start(): void {
    this.stop();
    this.#unanswered = 0;
    this.#timer = this.#clock.setTimer(() => this.#ask(), this.#intervalMs);
  }

  stop(): void {
    this.#round += 1;
    this.#clock.clearTimer(this.#timer);
    this.#clock.clearTimer(this.#deadline);
  }

  #ask(): void {
    const round = ++this.#round;
    this.#watched.ask().then(
      () => this.#onAnswer(round),
      () => {},
    );
    this.#timer = this.#clock.setTimer(() => this.#ask(), this.#intervalMs);
    this.#clock.clearTimer(this.#deadline);
    const answerMs = Math.min(this.#intervalMs * 0.9, MAX_ANSWER_MS);
    this.#deadline = this.#clock.setTimer(() => {
      // What has arrived is read first: this process may have been busy.
      setImmediate(() => setImmediate(() => this.#onDeadline(round)));
    }, answerMs);
  }

  #onAnswer(round: number): void {
    if (round !== this.#round) return;
    this.#clock.clearTimer(this.#deadline);
    const wasSilent = this.#unanswered > 0;
    this.#unanswered = 0;
    this.#round += 1;
    if (wasSilent) this.#watched.answering();
  }

  #onDeadline(round: number): void {
    if (round !== this.#round) return;
    this.#unanswered += 1;
    this.#watched.silent(this.#unanswered);
  }
}
