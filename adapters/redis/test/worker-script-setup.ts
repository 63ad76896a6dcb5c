import type { SubscriptionSpec } from "@anytopic/core/driver";
import { subscriptionNames } from "../src/names.ts";
import { WorkerScripts } from "../src/receive/worker-scripts.ts";
import type { WorkerSetup } from "../src/receive/worker-setup.ts";
import { applyTopology } from "../src/provisioning.ts";
import type { Opened } from "./opened.ts";

/** A subscription, and workers of it as the scripts see them, without the loops of a subscriber. */
export async function scriptedWorkers(
  { connection }: Opened,
  name: string,
  changes: { readonly ordered?: boolean; readonly ackDeadlineMs?: number; readonly maxRetries?: number } = {},
): Promise<{ readonly setup: WorkerSetup; worker(): WorkerScripts }> {
  const { ordered = false, ackDeadlineMs = 1000, maxRetries = 3 } = changes;
  const spec: SubscriptionSpec = {
    name: "mail",
    physicalName: "mail",
    topic: { name, physicalName: name, ordered, exactlyOnce: false, retentionMs: 86_400_000 },
    ackDeadlineMs,
    maxRetries,
    maxBackoffMs: 1000,
  };
  await applyTopology(connection, { topics: [spec.topic], subscriptions: [spec] }, false);
  const sink = { deliver() {}, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
  const setup: WorkerSetup = { connection, names: subscriptionNames("", spec), spec, sink, maxOutstanding: 100 };
  return { setup, worker: () => new WorkerScripts(setup) };
}
