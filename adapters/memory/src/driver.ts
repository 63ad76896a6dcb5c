import type { Driver, DriverContext } from "@anytopic/core/driver";
import { namedBroker } from "./broker/broker-registry.ts";
import { memoryDeadLetters } from "./dead-letters.ts";
import { connectionClosed } from "./errors.ts";
import { MemoryBroker } from "./broker/memory-broker.ts";
import type { CheckedOptions } from "./options.ts";
import { applyTopology, destroyTopology, planTopology } from "./provisioning.ts";
import { MemoryPublisher } from "./publisher.ts";
import { memorySchedule } from "./broker/memory-schedule.ts";
import { MemorySubscriber } from "./subscriber.ts";

/** Connects to the named broker, or to a new one. */
export async function openDriver(
  { name, ...limits }: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Driver<MemoryBroker>> {
  signal?.throwIfAborted();
  const native =
    name === undefined ? new MemoryBroker(limits, context.clock) : namedBroker(name, limits, context.clock);
  let closed = false;
  const broker = (): MemoryBroker => {
    if (closed) throw connectionClosed();
    return native;
  };
  context.status("up");
  return {
    server: `in-memory, node ${process.versions.node}`,
    native,
    async plan(topology, aborted) {
      aborted?.throwIfAborted();
      return planTopology(broker(), topology);
    },
    apply: async (topology, { update }) => applyTopology(broker(), topology, update),
    destroy: async (topology) => destroyTopology(broker(), topology),
    async openPublisher(topic) {
      broker().requireTopic(topic);
      return new MemoryPublisher(native, topic);
    },
    async openSchedule(topic) {
      broker().requireTopic(topic);
      return memorySchedule(native, topic);
    },
    openSubscriber: async (spec, sink, { maxOutstanding }) =>
      new MemorySubscriber(broker(), spec, sink, maxOutstanding),
    async openDeadLetters(spec) {
      broker().requireSubscription(spec);
      return memoryDeadLetters(native, spec);
    },
    async seek(spec, to) {
      const subscription = broker().requireSubscription(spec);
      broker().requireTopic(spec.topic).seek(subscription, to);
    },
    stats: async (spec) => broker().requireSubscription(spec).counts(),
    async close() {
      closed = true;
    },
  };
}
