import { combinedWorker } from "./combined-worker.ts";
import type { Connection, ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { LateSuccesses } from "./late-successes.ts";
import type { StartLimit } from "./drain/start-limit.ts";
import type { EndsAttempts, EventRun } from "./run-handler.ts";
import { SharedPlaces } from "./shared-places.ts";
import { subscriptionSpec } from "../connections/specs.ts";
import { SubscriptionWorker } from "./subscription-worker.ts";
import type { Subscription } from "../declare/subscription.ts";
import type { BatchSettings } from "./worker-options.ts";
import type { Worker } from "./worker.ts";

/** Room for the later messages of a key that core holds while a message of that key waits for its retry. */
const ORDERED_OUTSTANDING_MIN = 1000;

export interface WorkerSettings {
  readonly environment: ConnectionEnvironment;
  readonly inbox: InboxGate | undefined;
  readonly lateSuccesses: LateSuccesses;
  /** Over all connections together. */
  readonly maxConcurrency: number;
  readonly prefetch: number;
  /** Present for a batch handler. */
  readonly batch: BatchSettings | undefined;
  /** Present for a drain with an end. */
  readonly startLimit: StartLimit | undefined;
  readonly closeTimeoutMs: number;
  /** Called before the worker receives. Opening fails when it throws. */
  readonly onOpen: (worker: SubscriptionWorker) => void;
  /** Called when the worker begins to close. */
  readonly onClosing: ((attempts: EndsAttempts) => void) | undefined;
  readonly onClosed: (worker: SubscriptionWorker) => void;
}

/** Opens a worker of `subscription`, with configured overrides, on each of its connections: on all or on none. */
export async function openWorkers(
  router: ConnectionRouter,
  subscription: Subscription,
  run: EventRun,
  settings: WorkerSettings,
): Promise<Worker> {
  const names = router.routes.connectionsOf(subscription);
  const places = names.length > 1 ? new SharedPlaces(settings.maxConcurrency) : undefined;
  const opened = await Promise.allSettled(
    names.map(async (name) => openWorker(await router.connection(name), subscription, run, settings, places)),
  );
  const workers = opened.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = opened.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(workers.map((worker) => worker.close({ timeoutMs: 0 })));
    throw failed.reason;
  }
  return workers.length === 1 ? (workers[0] as Worker) : combinedWorker(subscription, workers);
}

async function openWorker(
  connection: Connection,
  subscription: Subscription,
  run: EventRun,
  settings: WorkerSettings,
  places: SharedPlaces | undefined,
): Promise<SubscriptionWorker> {
  await connection.prepare(subscription);
  const { environment, prefetch, onOpen, ...shared } = settings;
  const spec = subscriptionSpec(subscription, connection.names);
  const letters = await connection.driver.openDeadLetters(spec);
  const worker = new SubscriptionWorker({
    subscription,
    run,
    connection: connection.name,
    adapter: connection.adapter.name,
    capabilities: connection.capabilities,
    ...environment,
    ...shared,
    letters,
    places,
  });
  const outstanding = shared.maxConcurrency * (shared.batch?.maxMessages ?? 1) + prefetch;
  const maxOutstanding = spec.topic.ordered ? Math.max(outstanding, ORDERED_OUTSTANDING_MIN) : outstanding;
  try {
    onOpen(worker);
    worker.attach(await connection.driver.openSubscriber(spec, worker.sink, { maxOutstanding }));
  } catch (error) {
    await worker.close({ timeoutMs: 0 });
    throw error;
  }
  return worker;
}
