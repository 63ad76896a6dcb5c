





















import { connect, type PubSub } from "@anytopic/core";
import { adapterModule as memory } from "@anytopic/memory";
import { adapterModule as nats } from "@anytopic/nats";

const store = globalThis as typeof globalThis & { pubsub?: Promise<PubSub> | undefined };

/** Connects at the first call, and again at the next one when that failed. */
export function pubsub(): Promise<PubSub> {
  return (store.pubsub ??= connect({ adapters: [nats, memory] }).catch((error: unknown) => {
    store.pubsub = undefined;
    throw error;
  }));
}
