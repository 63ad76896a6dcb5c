import { Circuit, type CircuitOptions } from "./circuit.ts";
import type { Clock } from "../base/clock.ts";
import type { CircuitPolicy } from "../declare/circuit-policy.ts";
import type { InFlight } from "./in-flight.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import { StartRate } from "./start-rate.ts";

export interface StartGateOptions {
  readonly rate: RateLimit | undefined;
  readonly circuit: CircuitPolicy | undefined;
  readonly clock: Clock;
  /** The circuit has another state. */
  readonly changed: CircuitOptions["changed"];
}

/**
 * Decides whether a message that has a place may start: by the rate and by the circuit of one worker, which may receive on several
 * connections. What may not start waits, and its lease is renewed. There is no gate without a rate or a circuit.
 */
export class StartGate {
  readonly circuit: Circuit | undefined;
  readonly rate: StartRate | undefined;
  readonly #wakes = new Set<() => void>();

  constructor({ rate, circuit: policy, clock, changed }: StartGateOptions) {
    const wake = (): void => {
      for (const one of Array.from(this.#wakes)) one();
    };
    this.circuit = policy === undefined ? undefined : new Circuit({ policy, clock, wake, changed });
    this.rate = rate === undefined ? undefined : new StartRate(rate, clock, wake);
  }

  /** Calls `wake` when more may start than before. Returns a function that ends this. */
  join(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** Whether the item may start. It then counts as started. */
  admit(item: InFlight): boolean {
    if (this.circuit?.mayStart === false || this.rate?.take() === false) return false;
    this.circuit?.started(item);
    return true;
  }

  /** The item has no place any longer. */
  freed(item: InFlight): void {
    this.circuit?.freed(item);
  }

  close(): void {
    this.circuit?.close();
    this.rate?.close();
  }
}
