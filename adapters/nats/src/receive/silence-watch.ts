import type { Clock, TimerHandle } from "@anytopic/core/driver";

/** The server is asked to send something at least this often. */
export const HEARTBEAT_MS = 2000;
/** The server should send messages or heartbeats. After this silence it is asked whether it is alive. */
const SILENCE_MS = 5000;
const WATCH_MS = 1000;

/** Notices a server that should send something and is silent. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #look: () => void;
  #timer: TimerHandle = undefined;
  /** When the silence began, by the monotonic clock; 0 when the server was heard since the last look. */
  #sinceMs = 0;

  /** `look` is called every second. */
  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  get isSilent(): boolean {
    return this.#sinceMs !== 0 && this.#clock.monotonicNow() - this.#sinceMs > SILENCE_MS;
  }

  /** Does not read the clock: it is called for every message. */
  heard(): void {
    this.#sinceMs = 0;
  }

  /** From now on the server should send something. */
  expect(): void {
    this.#sinceMs = this.#clock.monotonicNow();
  }

  start(): void {
    this.stop();
    this.#timer = this.#clock.setTimer(() => {
      if (this.#sinceMs === 0) this.expect();
      else this.#look();
      this.start();
    }, WATCH_MS);
  }

  stop(): void {
    this.#clock.clearTimer(this.#timer);
  }
}
