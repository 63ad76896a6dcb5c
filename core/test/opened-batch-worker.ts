import { type BatchHandler, type BatchOptions, connect, type ConnectOptions, type PubSubEvent } from "@anytopic/core";
import { VirtualClock } from "@anytopic/core";

import { type OpenedWorker, type Sub } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

/** As `opened`, with a batch handler. */
export async function openedBatch(
  sub: typeof Sub,
  handler: BatchHandler<object>,
  batch: BatchOptions,
  options: ConnectOptions = {},
): Promise<OpenedWorker> {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const events: PubSubEvent[] = [];
  const observer = (event: PubSubEvent): void => void events.push(event);
  const pubsub = await connect(adapter, { clock, random: () => 0.5, observer, ...options });
  const worker = await pubsub.subscribe(sub, handler, { batch });
  return { adapter, clock, pubsub, worker, events };
}

/** A handler that records the ids of each call, and waits when there is something to wait for. */
export function recorder(result: (ids: readonly string[]) => ReturnType<BatchHandler<object>> = () => undefined) {
  const calls: string[][] = [];
  const handler: BatchHandler<object> = (_, contexts) => {
    const ids = contexts.map(({ id }) => id);
    calls.push(ids);
    return result(ids);
  };
  return { calls, handler };
}
