import {
  connect,
  defineSubscription,
  defineTopic,
  VirtualClock,
  type Handler,
  type HandlerContext,
  type PubSub,
  type PubSubEvent,
  type Worker,
} from "@anytopic/core";

import { ScriptedAdapter } from "./scripted-adapter.ts";

export const Events = defineTopic<object>("events");
const Keyed = defineTopic<object>("keyed", { orderingKey: () => "unused by consumers" });
const retryPolicy = { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 };
export const Sub = defineSubscription(Events, "sub", {
  retryPolicy,
  maxConcurrency: 2,
  ackDeadlineMs: 3000,
  maxHandlingMs: 10_000,
});
export const KeyedSub = defineSubscription(Keyed, "sub", { retryPolicy, ackDeadlineMs: 3000, maxHandlingMs: 10_000 });

/** Lets promises and immediates settle. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface OpenedWorker {
  readonly adapter: ScriptedAdapter;
  readonly clock: VirtualClock;
  readonly pubsub: PubSub;
  readonly worker: Worker;
  readonly events: PubSubEvent[];
}

/** A worker on a scripted broker and a clock that is moved by hand. */
export async function opened(
  sub: typeof Sub,
  handler: (event: object, context: HandlerContext) => unknown,
  overrides: ConstructorParameters<typeof ScriptedAdapter>[0] = {},
): Promise<OpenedWorker> {
  const adapter = new ScriptedAdapter(overrides);
  const clock = new VirtualClock();
  const events: PubSubEvent[] = [];
  const pubsub = await connect(adapter, { clock, random: () => 0.5, observer: (event) => void events.push(event) });
  // Also what no program in TypeScript can return, and one in JavaScript can.
  const worker = await pubsub.subscribe(sub, handler as Handler<object>);
  return { adapter, clock, pubsub, worker, events };
}
