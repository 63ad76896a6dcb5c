import {
  connect,
  type ConnectOptions,
  MemoryScheduleStore,
  type PubSub,
  silentLogger,
  type ScheduleStore,
  VirtualClock,
} from "@anytopic/core";
import { ScriptedAdapter } from "./scripted-adapter.ts";

/** A connection, and what it works with. */
interface Opened {
  readonly adapter: ScriptedAdapter;
  readonly clock: VirtualClock;
  readonly store: ScheduleStore;
  readonly pubsub: PubSub;
}

/** A connection with a store, on one clock that the test moves. */
export async function opened(
  options: ConnectOptions = {},
  wrap: (store: ScheduleStore) => ScheduleStore = (store) => store,
): Promise<Opened> {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const store = wrap(new MemoryScheduleStore({ clock }));
  const common = { clock, random: () => 0.5, logger: silentLogger, schedule: store };
  const pubsub = await connect(adapter, { ...common, ...options });
  return { adapter, clock, store, pubsub };
}

/** A store that is right but for some methods. */
export function changed(right: ScheduleStore, changes: Partial<ScheduleStore>): ScheduleStore {
  return {
    add: (messages) => right.add(messages),
    cancel: (topic, id) => right.cancel(topic, id),
    list: (topic, limit) => right.list(topic, limit),
    claimDue: (topics, limit, leaseMs) => right.claimDue(topics, limit, leaseMs),
    done: (tokens) => right.done(tokens),
    again: (token, delayMs) => right.again(token, delayMs),
    nextDueMs: (topics) => right.nextDueMs(topics),
    ...changes,
  };
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
