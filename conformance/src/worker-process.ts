/** The program of `startWorkerProcess`: a worker in a separate process, controlled by its parent. */
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";
import type { Item } from "./item.ts";
import type { FromWorkerProcess, ToWorkerProcess, WorkerProcessTask } from "./start-worker-process.ts";
import { monotonicMs } from "./wait.ts";

const task = JSON.parse(process.argv[2] ?? "") as WorkerProcessTask;
const { adapter } = (await import(task.module)) as { readonly adapter: (args: unknown) => Adapter | Promise<Adapter> };

function tell(message: FromWorkerProcess): void {
  process.send?.(message);
}

/** Nothing else happens in this process meanwhile: no timer fires, no socket is read. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const topic = defineTopic<Item>(task.topic);
const subscription = defineSubscription(topic, task.subscription.name, task.subscription.options);
const pubsub = await connect(await adapter(task.args), { provisioning: "off" });
await pubsub.subscribe(
  subscription,
  (_event, { id, attempt }) => {
    tell({ type: "run", id, attempt });
    block(task.blockMs);
    tell({ type: "success", id, attempt });
  },
  { maxConcurrency: 1 },
);
tell({ type: "ready" });

process.on("message", ({ close }: ToWorkerProcess) => void end(close));

async function end(timeoutMs: number): Promise<void> {
  const [worker] = pubsub.health().subscriptions;
  const startMs = monotonicMs();
  await pubsub.close({ timeoutMs });
  tell({ type: "closed", afterMs: monotonicMs() - startMs, blockedMs: worker?.longestBlockMs ?? 0 });
  // From here on, only something that was left open can keep this process alive.
  process.disconnect();
}
