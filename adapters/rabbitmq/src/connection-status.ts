import type { DriverContext, PubSubError } from "@anytopic/core/driver";

type State = Parameters<DriverContext["status"]>[0];

const WORST_FIRST: readonly State[] = ["down", "reconnecting", "degraded", "up"];

/** One state out of those of several connections: the worst, told to core when it changes. */
export class ConnectionStatus {
  readonly #tell: DriverContext["status"];
  readonly #states = new Map<string, { readonly state: State; readonly error: PubSubError | undefined }>();
  #told: State | undefined;

  constructor(tell: DriverContext["status"]) {
    this.#tell = tell;
  }

  report(connection: string, state: State, error?: PubSubError): void {
    this.#states.set(connection, { state, error });
    const states = [...this.#states.values()];
    const worst = WORST_FIRST.map((wanted) => states.find(({ state }) => state === wanted)).find(
      (found) => found !== undefined,
    );
    if (worst === undefined || worst.state === this.#told) return;
    this.#told = worst.state;
    if (worst.error === undefined) this.#tell(worst.state);
    else this.#tell(worst.state, worst.error);
  }
}
