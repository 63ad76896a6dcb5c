/** A service that ends by signals. It tells its parent what happens; its parent tells it when handlers may end. */
import { connect, defineSubscription, defineTopic, healthHandler, shutdownOnSignal } from "@anytopic/core";
import { nats } from "@anytopic/nats";

export interface ShutdownTask {
  readonly servers: string;
  readonly topic: string;
  readonly handleMs: number;
  readonly timeoutMs: number;
  readonly readinessDelayMs: number;
  readonly onClosed: "ends" | "fails" | "hangs";
}

export type FromService =
  | { readonly type: "ready" }
  | { readonly type: "started" | "ended"; readonly id: string }
  | { readonly type: "published"; readonly ids: readonly string[] }
  | { readonly type: "signal" | "probe"; readonly ready: number; readonly live: number }
  | { readonly type: "closed" };

const task = JSON.parse(process.argv[2] ?? "") as ShutdownTask;
const tell = (message: FromService): void => void process.send?.(message);
const pubsub = await connect(nats({ servers: task.servers }));
const Jobs = defineTopic<number>(task.topic);
const Work = defineSubscription(Jobs, "work", { maxConcurrency: 2 });
const Done = defineTopic<string>(`${task.topic}-done`);
const Archive = defineSubscription(Done, "archive");
await pubsub.apply([Jobs, Work, Done, Archive]);

const probes = healthHandler(pubsub);
const probe = (type: "signal" | "probe"): void =>
  tell({
    type,
    ready: probes({ url: "/readyz", method: "GET" }).status,
    live: probes({ url: "/livez", method: "GET" }).status,
  });

await pubsub.subscribe(
  Work,
  async (_job, { id }) => {
    tell({ type: "started", id });
    await new Promise((resolve) => setTimeout(resolve, task.handleMs));
    // Works until the last handler has ended.
    await pubsub.publish(Done, `handled ${id}`);
    tell({ type: "ended", id });
  },
  { prefetch: 10 },
);

shutdownOnSignal(pubsub, {
  timeoutMs: task.timeoutMs,
  readinessDelayMs: task.readinessDelayMs,
  async onClosed() {
    tell({ type: "closed" });
    if (task.onClosed === "fails") throw new Error("the database is gone");
    if (task.onClosed === "hangs") await new Promise(() => {});
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    probe("signal");
    const pending = Array.from({ length: 100 }, (_, index) => pubsub.publish(Done, `pending ${index}`));
    // Without a handler that runs, closing has ended publishing already.
    Promise.all(pending).then(
      (ids) => tell({ type: "published", ids }),
      () => {},
    );
  });
}
// Something else that would keep the process alive.
setInterval(() => probe("probe"), 100);
tell({ type: "ready" });
