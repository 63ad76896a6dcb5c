import type { Clock, TimerHandle } from "@anytopic/core/driver";

/** The connection that is watched. */
export interface Watched {
  /** Resolves when the server has answered; rejects when the connection is lost. */
  ask(): Promise<void>;
  /** How many messages have arrived so far. A server that sends messages is alive, though its answer waits behind them. */
  received(): number;
  /** The server answers again after `silent`. */
  answering(): void;
  /** This many questions in a row were not answered in time. */
  silent(unanswered: number): void;
}

/** The longest time for an answer. A round trip takes milliseconds; a server that pauses for longer is not up. */
const MAX_ANSWER_MS = 3000;

/** Asks the server regularly whether it is alive: an open socket does not prove it. */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #watched: Watched;
  #timer: TimerHandle = undefined;
  #deadline: TimerHandle = undefined;
  #unanswered = 0;
  /** Only an answer of the current round counts: an earlier one may be from an earlier connection. */
  #round = 0;

  constructor(clock: Clock, intervalMs: number, watched: Watched) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#watched = watched;
  }

  /** The last question was not answered in time. */
  get isSilent(): boolean {
    return this.#unanswered > 0;
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
    const received = this.#watched.received();
    this.#watched.ask().then(
      () => this.#onAnswer(round),
      () => {},
    );
    this.#timer = this.#clock.setTimer(() => this.#ask(), this.#intervalMs);
    this.#clock.clearTimer(this.#deadline);
    const answerMs = Math.min(this.#intervalMs * 0.9, MAX_ANSWER_MS);
    this.#deadline = this.#clock.setTimer(() => {
      // What has arrived is read first: this process may have been busy.
      setImmediate(() => setImmediate(() => this.#onDeadline(round, received)));
    }, answerMs);
  }

  #onAnswer(round: number): void {
    if (round !== this.#round) return;
    this.#clock.clearTimer(this.#deadline);
    // The round is over.
    this.#round += 1;
    const wasSilent = this.#unanswered > 0;
    this.#unanswered = 0;
    if (wasSilent) this.#watched.answering();
  }

  #onDeadline(round: number, received: number): void {
    if (round !== this.#round) return;
    if (this.#watched.received() !== received) return this.#onAnswer(round);
    this.#unanswered += 1;
    return this.#watched.silent(this.#unanswered);
  }
}
