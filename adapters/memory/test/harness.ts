import { randomUUID } from "node:crypto";
import type { Harness } from "@anytopic/conformance";
import { destroyMemoryBroker, memory, memoryCapabilities } from "@anytopic/memory";
import { hostilePublisher } from "./hostile-publisher.ts";
import { RemovableLetters } from "./removable-letters.ts";

/** A memory broker of its own; all adapters of one harness share it. */
export function createHarness(): Harness {
  const name = `conformance-${randomUUID()}`;
  const letters = new RemovableLetters();
  const hostile = hostilePublisher(memory({ name }));
  return {
    name: "memory",
    implementation: "in process",
    version: process.version,
    capabilities: memoryCapabilities,
    // Nothing lies between publisher and handler, so silence is believed sooner.
    slack: { retryUpperMs: 100, quietMs: 400 },
    quirks: [],
    survivesRestart: false,
    parallelism: 8,
    adapter: () => letters.in(memory({ name })),
    hostile,
    deleteDeadLetters: async (subscription) => letters.delete(subscription),
    async close() {
      await hostile.close();
      destroyMemoryBroker(name);
    },
  };
}

/** For `--adapter` of the suite's command. */
export const harness = createHarness;
