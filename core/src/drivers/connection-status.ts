import type { PubSubError } from "../base/errors.ts";

type State = "up" | "reconnecting" | "degraded" | "down";

const WORST_FIRST: readonly State[] = ["down", "reconnecting", "degraded", "up"];

/** One state out of those of several connections, or of several parts of one: the worst, told when it or its error's code changes. */
export class ConnectionStatus<Part> {
  readonly #tell: (state: State, error?: PubSubError) => void;
  readonly #states = new Map<Part, { readonly state: State; readonly error: PubSubError | undefined }>();
  #told: { readonly state: State; readonly error: PubSubError | undefined } | undefined;

  constructor(tell: (state: State, error?: PubSubError) => void) {
    this.#tell = tell;
  }

  report(part: Part, state: State, error?: PubSubError): void {
    this.#states.set(part, { state, error });
    const states = [...this.#states.values()];
    const worst = WORST_FIRST.map((wanted) => states.find(({ state }) => state === wanted)).find(
      (found) => found !== undefined,
    );
    if (worst === undefined || (worst.state === this.#told?.state && worst.error?.code === this.#told.error?.code))
      return;
    this.#told = worst;
    if (worst.error === undefined) this.#tell(worst.state);
    else this.#tell(worst.state, worst.error);
  }
}
