import type { PubSubErrorCode } from "@anytopic/core";
import { retryPauseMs } from "@anytopic/core/driver";
import type { LaneReport } from "./settle-lane.ts";
import { reasonOf } from "./verdict.ts";

/** What the relay knows of one topic now. */
export interface RelayTopicHealth {
  readonly topic: string;
  /** `"publishing"`: nothing is wrong. `"waiting"`: the broker cannot be reached or takes nothing now. `"held"`: an operator must act; the topic is tried again now and then. */
  readonly state: "publishing" | "waiting" | "held";
  /** Why it waits or is held. */
  readonly error: { readonly code: PubSubErrorCode; readonly message: string } | undefined;
}

interface TopicState {
  /** By the monotonic clock. Until then nothing of the topic is read. */
  waitsUntilMs: number;
  failures: number;
  error: unknown;
  /** From the table of holds, which all relays share. */
  held: boolean;
  holdAttempts: number;
  holdReason: string;
}

/** The states of the topics of one relay. */
export class TopicStates {
  readonly #states = new Map<string, TopicState>();
  readonly #random: () => number;

  constructor(topics: Iterable<string>, random: () => number) {
    this.#random = random;
    for (const topic of topics) {
      const nothing = { held: false, holdAttempts: 0, holdReason: "" };
      this.#states.set(topic, { waitsUntilMs: 0, failures: 0, error: undefined, ...nothing });
    }
  }

  get names(): readonly string[] {
    return [...this.#states.keys()];
  }

  /** The topics that may be published now. */
  ready(nowMs: number): readonly string[] {
    return [...this.#states]
      .filter(([, { held, waitsUntilMs }]) => !held && waitsUntilMs <= nowMs)
      .map(([name]) => name);
  }

  /** How often each topic was held in a row, of those that were. */
  get holdAttempts(): ReadonlyMap<string, number> {
    const held = [...this.#states].filter(([, { holdAttempts }]) => holdAttempts > 0);
    return new Map(held.map(([name, { holdAttempts }]) => [name, holdAttempts]));
  }

  /** What the table of holds says. Topics that are not in it are not held. */
  holds(
    rows: readonly {
      readonly topic: string;
      readonly attempts: number;
      readonly reason: string;
      readonly holds: boolean;
    }[],
  ): void {
    for (const [name, state] of this.#states) {
      const row = rows.find(({ topic }) => topic === name);
      state.held = row?.holds === true;
      state.holdAttempts = row?.attempts ?? 0;
      state.holdReason = row?.reason ?? "";
    }
  }

  /** What became of the messages of a lane. Returns the topics whose state is new, for the log. */
  report({ waiting, held, flowing }: LaneReport, nowMs: number): readonly RelayTopicHealth[] {
    const changed: string[] = [];
    for (const topic of flowing) {
      const state = this.#of(topic);
      if (state.failures > 0 && !waiting.has(topic)) changed.push(topic);
      if (waiting.has(topic)) continue;
      Object.assign(state, { failures: 0, waitsUntilMs: 0, error: undefined });
    }
    for (const [topic, error] of waiting) {
      const state = this.#of(topic);
      // Several lanes fail at the same time. That is one failure.
      if (state.waitsUntilMs > nowMs) continue;
      if (state.failures === 0) changed.push(topic);
      state.failures += 1;
      state.error = error;
      state.waitsUntilMs = nowMs + retryPauseMs(state.failures, this.#random);
    }
    for (const [topic, { attempts, reason }] of held) {
      if (!this.#of(topic).held) changed.push(topic);
      Object.assign(this.#of(topic), { held: true, holdAttempts: attempts, holdReason: reason });
    }
    return changed.map((topic) => this.health(topic));
  }

  health(topic: string): RelayTopicHealth {
    const { held, holdAttempts, holdReason, failures, error } = this.#of(topic);
    // A hold that is over and has not been tried again is still what is known.
    if (held || holdAttempts > 0) return { topic, state: "held", error: parsed(holdReason) };
    if (failures > 0) return { topic, state: "waiting", error: parsed(reasonOf(error)) };
    return { topic, state: "publishing", error: undefined };
  }

  #of(topic: string): TopicState {
    return this.#states.get(topic) as TopicState;
  }
}

/** `CODE: message`, as `reasonOf` makes it and the table keeps it. */
function parsed(reason: string): RelayTopicHealth["error"] {
  const [, code = "UNKNOWN", message = reason] = /^([A-Z_]+): ([^]*)$/.exec(reason) ?? [];
  return { code: code as PubSubErrorCode, message };
}
