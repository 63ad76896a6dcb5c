import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { usageOf } from "./broker-process.ts";
import type { Measurement } from "./measurement.ts";
import { publishMany } from "./publish-many.ts";
import type { ScaleBroker } from "./scale-broker.ts";
import { nextEvent } from "../event.ts";
import { sharedSubscription, sharedTopic } from "./worker-process.ts";

const MESSAGES = 20_000;
const WORKERS = 10;
const IDLE_MS = Number(process.env["IDLE_S"] ?? 60) * 1000;

/** So many processes with ten workers each, on one subscription. */
export async function measureProcesses(scale: ScaleBroker, size: number, measurement: Measurement): Promise<void> {
  const { url } = scale;
  if (url === undefined) throw new Error(`${scale.name} has one process`);
  const pubsub = await scale.connect();
  await pubsub.apply([sharedSubscription]);
  const file = fileURLToPath(new URL("worker-process.ts", import.meta.url));
  const children = await measurement.time("open", () =>
    Promise.all(
      Array.from({ length: size }, async (): Promise<ChildProcess> => {
        const child = fork(file, [scale.name, url, String(WORKERS)]);
        await once(child, "message");
        return child;
      }),
    ),
  );
  const { resolve, promise } = Promise.withResolvers<void>();
  let handled = 0;
  const each = children.map(() => 0);
  for (const [index, child] of children.entries())
    child.on("message", (count: number) => {
      handled += count - (each[index] ?? 0);
      each[index] = count;
      if (handled >= MESSAGES) resolve();
    });
  measurement.set("process RSS MB", usageOf(children[0]?.pid ?? 0).rssMb);
  await measurement.objects();
  await measurement.time("20,000 messages", async () => {
    await publishMany(pubsub, sharedTopic, MESSAGES, nextEvent);
    await promise;
  });
  measurement.set("fewest of a process", Math.min(...each));
  measurement.set("most of a process", Math.max(...each));
  measurement.hold("used");
  await measurement.idle(IDLE_MS);
  await measurement.time("close", () =>
    Promise.all(
      children.map(async (child) => {
        child.send("close");
        await once(child, "exit");
      }),
    ),
  );
  await pubsub.close();
}
