import type { AnySubscription, AnyTopic, Clock, PubSub } from "@anytopic/core";
import { pause, within } from "@anytopic/core/driver";
import type { DriftState, DriftSummary } from "../api/overview.ts";
import type { DriftedDeclaration, Plan } from "../api/plan.ts";
import type { WireFailure } from "../api/numbers.ts";
import { MAX_WAIT_MS } from "../statistics/limits.ts";
import { wireFailure } from "../wire-failure.ts";
import { type Compared, compareDeclarations } from "./compare-declarations.ts";

/** While somebody looks, declarations are compared with the broker so often, in ms: they seldom change. */
const EVERY_MS = 60_000;
/** As long as something differs, so often. */
const UNSETTLED_EVERY_MS = 15_000;
/** A visitor who asks for it gets a new comparison at most so often, in ms. */
const FRESH_MS = 2000;

export interface DriftWatchOptions {
  readonly pubsub: () => Promise<PubSub>;
  readonly declarations: readonly (AnyTopic | AnySubscription)[];
  readonly clock: Clock;
}

const NOTHING: Compared = { declarations: [], failures: [] };

/** Compares the declarations with the broker while somebody looks, for all visitors together. Has no timers. */
export class DriftWatch {
  readonly #options: DriftWatchOptions;
  #startedMs = Number.NEGATIVE_INFINITY;
  #comparing: Promise<void> | undefined;
  #fresh: Promise<void> | undefined;
  #compared = NOTHING;
  #comparedAtMs: number | undefined;
  #error: WireFailure | undefined;
  #byDeclaration: ReadonlyMap<string, DriftedDeclaration> = new Map();

  constructor(options: DriftWatchOptions) {
    this.#options = options;
  }

  /** Somebody looks. Waits for the first comparison, but not for long. Never rejects. */
  async look(): Promise<void> {
    // What differs was perhaps changed by somebody who now wants to see it gone.
    const isUnsettled = this.#compared.declarations.length > 0 || this.#error !== undefined;
    this.#start(isUnsettled ? UNSETTLED_EVERY_MS : EVERY_MS);
    if (this.#comparedAtMs === undefined && this.#comparing !== undefined) {
      await within(this.#options.clock, MAX_WAIT_MS, this.#comparing);
    }
  }

  /** Compares now, for all that ask for it together, and waits for the result. Never rejects. */
  async compare(): Promise<void> {
    this.#fresh ??= this.#compareAgain().finally(() => (this.#fresh = undefined));
    await this.#fresh;
  }

  stateOf(declaration: string): DriftState | null {
    return this.#byDeclaration.get(declaration)?.state ?? null;
  }

  of(declaration: string): DriftedDeclaration | null {
    return this.#byDeclaration.get(declaration) ?? null;
  }

  get summary(): DriftSummary {
    const error = this.#error ?? this.#compared.failures[0] ?? null;
    return {
      state: this.#comparedAtMs === undefined ? "comparing" : error === null ? "compared" : "failed",
      comparedAtMs: this.#comparedAtMs ?? null,
      count: this.#compared.declarations.length,
      error: error === null ? null : { code: error.code, message: error.message },
    };
  }

  get plan(): Omit<Plan, "blindSpots"> {
    return { ...this.summary, ...this.#compared };
  }

  #start(everyMs: number): void {
    const { clock } = this.#options;
    if (this.#comparing !== undefined || clock.monotonicNow() - this.#startedMs < everyMs) return;
    this.#startedMs = clock.monotonicNow();
    this.#comparing = this.#run().finally(() => (this.#comparing = undefined));
  }

  async #compareAgain(): Promise<void> {
    const { clock } = this.#options;
    await this.#comparing;
    await pause(clock, this.#startedMs + FRESH_MS - clock.monotonicNow());
    this.#start(0);
    await this.#comparing;
  }

  async #run(): Promise<void> {
    const { pubsub, declarations, clock } = this.#options;
    try {
      this.#compared = await compareDeclarations(await pubsub(), declarations);
      this.#error = undefined;
    } catch (error) {
      this.#compared = NOTHING;
      this.#error = wireFailure(error);
    }
    this.#comparedAtMs = clock.now();
    this.#byDeclaration = new Map(this.#compared.declarations.map((one) => [one.declaration, one]));
  }
}
