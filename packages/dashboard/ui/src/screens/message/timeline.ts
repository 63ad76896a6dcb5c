import type { SeenEvent } from "../../../../src/api/event-batch.ts";

/** One thing that happened to a message. */
export interface TimelineStep {
  readonly event: SeenEvent;
  /** Since the step before, in ms; 0 for the first one. Clocks of services may differ. */
  readonly gapMs: number;
}

/** In the order of time. What begins and ends at the same moment keeps the order in which it was seen. */
export function timelineOf(events: readonly SeenEvent[]): readonly TimelineStep[] {
  const ordered = [...events].sort((a, b) => a.atMs - b.atMs || a.position - b.position);
  return ordered.map((event, index) => ({
    event,
    gapMs: Math.max(0, event.atMs - (ordered[index - 1]?.atMs ?? event.atMs)),
  }));
}

/** How it stands with the message in one subscription. */
export interface MessageState {
  readonly topic: string;
  readonly subscription: string;
  readonly attempts: number;
  readonly state:
    | "being handled"
    | "acknowledged"
    | "waits for its retry"
    | "dead letter"
    | "skipped"
    | "released"
    | "sent again";
}

const STATES: Readonly<Partial<Record<SeenEvent["type"], MessageState["state"]>>> = {
  deliver: "being handled",
  ack: "acknowledged",
  retry: "waits for its retry",
  "dead-letter": "dead letter",
  skipped: "skipped",
  release: "released",
  redrive: "sent again",
};

/** The newest state in each subscription that has seen it. */
export function statesOf(steps: readonly TimelineStep[]): readonly MessageState[] {
  const states = new Map<string, MessageState>();
  for (const { event } of steps) {
    const { topic, subscription, type, attempt } = event;
    const state = STATES[type];
    if (topic === undefined || subscription === undefined || state === undefined) continue;
    const key = `${topic}/${subscription}`;
    const attempts = attempt ?? (type === "redrive" ? 0 : (states.get(key)?.attempts ?? 0));
    states.set(key, { topic, subscription, state, attempts });
  }
  return [...states.values()];
}
