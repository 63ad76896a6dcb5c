import type { Clock, TimerHandle } from "@anytopic/core/driver";

/** The connection that is watched. */
export interface Watched {
  /** Resolves when the server has answered; rejects when the connection is lost. */
  ask(): Promise<void>;
  /** How many messages have come so far: whoever sends them is there, though the answer to a question waits behind them. */
  received(): number;
  /** It answers, after `silent`. */
  answering(): void;
  /** So many questions in a row were not answered in time. */
  silent(unanswered: number): void;
}

/** The longest time an answer may take. A round trip takes milliseconds; a server that pauses for longer is not up. */
const MAX_ANSWER_MS = 3000;

/** Asks the server regularly whether it is there: an open socket does not say so. */
export class AnswerWatch {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #watched: Watched;
  #timer: TimerHandle = undefined;
  #deadline: TimerHandle = undefined;
  #unanswered = 0;
  /** Answers to the questions of an earlier connection do not count. */
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
    const received = this.#watched.received();
    this.#watched.ask().then(
      () => this.#onAnswer(round),
      () => {},
    );
    this.#timer = this.#clock.setTimer(() => this.#ask(), this.#intervalMs);
    this.#clock.clearTimer(this.#deadline);
    const answerMs = Math.min(this.#intervalMs * 0.9, MAX_ANSWER_MS);
    this.#deadline = this.#clock.setTimer(() => {
      // Let what has arrived be read first: it may be this process that was busy.
      setImmediate(() => setImmediate(() => this.#onDeadline(round, received)));
    }, answerMs);
  }

  #onAnswer(round: number): void {
    if (round !== this.#round) return;
    this.#clock.clearTimer(this.#deadline);
    // Nothing more is to be judged in this round.
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
