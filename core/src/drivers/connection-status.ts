import type { PubSubError } from "../base/errors.ts";
import type { ConnectionState } from "../contract/connection-state.ts";

interface Report {
  readonly state: ConnectionState;
  readonly error: PubSubError | undefined;
}

const WORST_FIRST: readonly ConnectionState[] = ["down", "reconnecting", "degraded", "up"];

/** Combines the states of several connections, or of several parts of one: reports the worst, whenever that or its error's code changes. */
export class ConnectionStatus<Part> {
  readonly #tell: (state: ConnectionState, error?: PubSubError) => void;
  readonly #states = new Map<Part, Report>();
  #told: Report | undefined;

  constructor(tell: (state: ConnectionState, error?: PubSubError) => void) {
    this.#tell = tell;
  }

  report(part: Part, state: ConnectionState, error?: PubSubError): void {
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
