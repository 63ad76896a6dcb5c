import { CloseBudget } from "../base/close-budget.ts";
import { combinedWorker } from "./combined-worker.ts";
import type { Connection, ConnectionEnvironment } from "../connections/connection.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import type { FlowControl } from "./flow-control.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { LateSuccesses } from "./late-successes.ts";
import type { StartLimit } from "./drain/start-limit.ts";
import { mostOutstanding } from "./most-outstanding.ts";
import { type Opening, PausableWorker } from "./pausable-worker.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import type { EndsAttempts, EventRun } from "./run-handler.ts";
import { SharedPlaces } from "./shared-places.ts";
import { subscriptionSpec } from "../connections/specs.ts";
import { SubscriptionWorker } from "./subscription-worker.ts";
import type { Subscription } from "../declare/subscription.ts";
import type { BatchSettings } from "./worker-options.ts";
import type { Worker } from "./worker.ts";

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
  readonly rate: RateLimit | undefined;
  readonly control: FlowControl;
  readonly closeTimeoutMs: number;
  /** Called before the worker receives. Opening fails when it throws. */
  readonly onOpen: (worker: PausableWorker) => void;
  /** Called when the worker begins to close, or is paused. */
  readonly onClosing: ((attempts: EndsAttempts) => void) | undefined;
  readonly onClosed: (worker: PausableWorker) => void;
}

/** Opens a worker of `subscription`, with configured overrides, on each of its connections: on all or on none. */
export async function openWorkers(
  router: ConnectionRouter,
  subscription: Subscription,
  run: EventRun,
  settings: WorkerSettings,
): Promise<Worker> {
  const names = router.routes.connectionsOf(subscription);
  const { environment, maxConcurrency, control, closeTimeoutMs, onOpen, onClosed } = settings;
  const { clock, logger } = environment;
  const places = names.length > 1 ? new SharedPlaces(maxConcurrency) : undefined;
  const workers = names.map(
    (name) =>
      new PausableWorker({
        subscription,
        connection: name,
        clock,
        logger,
        maxConcurrency,
        closeTimeoutMs,
        control,
        places,
        onOpen,
        onClosed,
        open: async (opening) =>
          await openSubscriber(await router.connection(name), subscription, run, settings, opening),
      }),
  );
  const opened = await Promise.allSettled(workers.map((worker) => worker.receive()));
  const failed = opened.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await Promise.all(workers.map((worker) => worker.close({ timeoutMs: 0 })));
    throw failed.reason;
  }
  return workers.length === 1 ? (workers[0] as Worker) : combinedWorker(subscription, workers, control);
}

async function openSubscriber(
  connection: Connection,
  subscription: Subscription,
  run: EventRun,
  settings: WorkerSettings,
  { onOpen, ...opening }: Opening,
): Promise<void> {
  await connection.prepare(subscription);
  const { environment, inbox, lateSuccesses, maxConcurrency, prefetch, batch, startLimit, rate, control, onClosing } =
    settings;
  const spec = subscriptionSpec(subscription, connection.names);
  const letters = await connection.driver.openDeadLetters(spec);
  const worker = new SubscriptionWorker({
    subscription,
    run,
    connection: connection.name,
    adapter: connection.adapter.name,
    capabilities: connection.capabilities,
    ...environment,
    ...opening,
    inbox,
    lateSuccesses,
    maxConcurrency,
    batch,
    startLimit,
    onClosing,
    letters,
    gate: control.gate,
  });
  const maxOutstanding = mostOutstanding({
    ...spec,
    ordered: spec.topic.ordered,
    handled: maxConcurrency * (batch?.maxMessages ?? 1),
    prefetch,
    rate,
  });
  try {
    onOpen(worker);
    worker.attach(await connection.driver.openSubscriber(spec, worker.sink, { maxOutstanding }));
  } catch (error) {
    await worker.closeWithin(0, undefined, new CloseBudget(environment.clock, environment.logger));
    throw error;
  }
}
