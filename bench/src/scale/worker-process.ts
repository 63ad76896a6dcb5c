import { fileURLToPath } from "node:url";

import { defineSubscription, defineTopic } from "@anytopic/core";

import type { BenchEvent } from "../event.ts";
import { connectScale } from "./connect-scale.ts";

const TELL_MS = 50;

export const sharedTopic = defineTopic<BenchEvent>("shared");
export const sharedSubscription = defineSubscription(sharedTopic, "worker");

/** A process that `measureProcesses` starts: opens workers, and tells how many messages it has handled. */
async function work(name: string, url: string, count: number): Promise<void> {
  const pubsub = await connectScale(name, url);
  let handled = 0;
  let told = 0;
  const handler = (): void => void (handled += 1);
  await Promise.all(
    Array.from({ length: count }, () => pubsub.subscribe(sharedSubscription, handler, { maxConcurrency: 10 })),
  );
  process.send?.(0);
  setInterval(() => {
    if (handled > told) process.send?.((told = handled));
  }, TELL_MS);
  process.once("message", () => void pubsub.close().then(() => process.exit(0)));
}

const [, file = "", name = "", url = "", count = ""] = process.argv;
if (file === fileURLToPath(import.meta.url)) await work(name, url, Number(count));
