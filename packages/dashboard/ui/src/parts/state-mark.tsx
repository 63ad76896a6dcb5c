import "./parts.css";
import type { JSX } from "preact";
import type { SubscriptionState } from "../../../src/api/overview.ts";

/** A shape of its own for each state, in a square of 12: colour alone tells nothing to many people. */
export const STATE_SHAPES: Readonly<Record<SubscriptionState, string>> = {
  problem: "M3.5 0h5L12 3.5v5L8.500 12h-5L0 8.500v-5z",
  warning: "M6 0.500 12 11.500H0z",
  paused: "M1.500 1h3v10h-3zM7.500 1h3v10h-3z",
  good: "M6 0.500a5.500 5.500 0 1 0 0.010 0z",
  unknown: "M6 0.500a5.500 5.500 0 1 0 0.010 0zM6 2.500a3.500 3.500 0 1 1-0.010 0z",
};

export const STATE_WORDS: Readonly<Record<SubscriptionState, string>> = {
  problem: "broken",
  warning: "needs a look",
  paused: "paused",
  good: "fine",
  unknown: "not known",
};

/** The state of a subscription: shape, colour and word. */
export function StateMark({ state }: { readonly state: SubscriptionState }): JSX.Element {
  return (
    <span class={`state is-${state}`}>
      <svg class="mark" viewBox="0 0 12 12" aria-hidden="true">
        <path d={STATE_SHAPES[state]} fill-rule="evenodd" />
      </svg>
      <span class="word">{STATE_WORDS[state]}</span>
    </span>
  );
}
