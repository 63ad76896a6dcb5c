import { randomUUID } from "node:crypto";
import type { AnytopicConfig } from "@anytopic/core";
import { destroyMemoryBroker } from "@anytopic/memory";
import { onTestFinished } from "vitest";

/** Two brokers in memory that outlive connections, named `a` and `b`; `a` is the default. Gone when the test ends. */
export function twoBrokers(): Required<Pick<AnytopicConfig, "default" | "connections">> {
  const names = ["a", "b"].map((name) => `${name}-${randomUUID()}`);
  onTestFinished(() => {
    for (const name of names) destroyMemoryBroker(name);
  });
  return { default: "a", connections: { a: { url: `memory:${names[0]}` }, b: { url: `memory:${names[1]}` } } };
}
