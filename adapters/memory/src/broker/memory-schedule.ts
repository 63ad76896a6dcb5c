import type { DriverSchedule, TopicSpec } from "@anytopic/core/driver";
import { notFound } from "../errors.ts";
import type { MemoryBroker } from "./memory-broker.ts";
import type { ScheduledMessages } from "./scheduled-messages.ts";

/** Schedules messages of one topic. It looks the topic up by name each time, because that may have been deleted and created again. */
export function memorySchedule(broker: MemoryBroker, topic: TopicSpec): DriverSchedule {
  const scheduled = (): ScheduledMessages | undefined => broker.topic(topic.physicalName)?.scheduled;
  return {
    add(batch) {
      for (const request of batch) {
        const messages = scheduled();
        if (messages === undefined) request.reject(notFound(`topic ${topic.physicalName}`));
        else messages.add(request);
      }
    },
    cancel: async (id) => scheduled()?.cancel(id) ?? false,
    list: async (limit) => scheduled()?.list(limit) ?? [],
    async close() {},
  };
}
