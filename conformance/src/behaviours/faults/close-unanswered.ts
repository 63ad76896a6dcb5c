import { behaviour, outsideThisProcess, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { check, within } from "../../expect.ts";
import { startWorkerProcess, type WorkerProcess } from "../../start-worker-process.ts";
import { monotonicMs } from "../../wait.ts";

const TIMEOUT_MS = 1000;
/** `CLOSE_GRACE_MS` of core. */
const GRACE_MS = 5000;
/** For a loaded machine, and for steps that time out one after the other. */
const SLACK_MS = 1500;

/** A connection with everything that waits for answers: a running handler, pending publishes, dead letters. */
async function closeWithin(context: Context, hurt: () => Promise<void>, mend: () => Promise<void>): Promise<void> {
  const { process, proxy } = context.harness;
  check(process !== undefined, "harness.process");
  const throughProxy = proxy !== undefined;
  const { pubsub: own, topic, subscription } = await context.pair({ ackDeadlineMs: context.shortLeaseMs });
  context.tolerate("duplicates", "skipped-attempts", "repeated-attempts", "unfinished");
  const pubsub = await context.open({ throughProxy });
  const collector = await context.collect(pubsub, subscription, { handle: () => new Promise(() => {}) });
  await pubsub.deadLetters(subscription).count();
  const [sent] = await context.publish(own, topic, 1);
  await collector.starts(1);
  await context.publish(pubsub, topic, 1);
  const other = context.subscription(topic);
  await own.apply([other]);
  const worker = startWorkerProcess({
    ...process({ throughProxy }),
    topic: topic.name,
    subscription: { name: other.name, options: { ackDeadlineMs: context.shortLeaseMs, maxHandlingMs: 60_000 } },
    blockMs: 0,
  });
  try {
    await context.eventually(() => worker.said.some(({ type }) => type === "ready"), "the worker process to be ready");
    await hurt();
    const late = Promise.allSettled([
      context.publishItem(pubsub, topic, context.item()),
      context.publishItem(pubsub, topic, context.item()),
    ]);
    const startMs = monotonicMs();
    worker.close(TIMEOUT_MS);
    await pubsub.close({ timeoutMs: TIMEOUT_MS });
    within(monotonicMs() - startMs, { max: TIMEOUT_MS + GRACE_MS + SLACK_MS }, "the ms that close took");
    const answered = await context.within(late, "publishes under way to be answered", SLACK_MS);
    check(
      answered.every(({ status }) => status === "rejected"),
      "publishes that nobody confirmed to be rejected",
    );
    await processEnds(context, worker);
  } finally {
    await worker.kill();
    await mend();
  }
  const heir = await context.collect(await context.open(), subscription);
  await heir.completes([sent?.id ?? ""], 120_000);
}

async function processEnds(context: Context, worker: WorkerProcess): Promise<void> {
  await context.eventually(
    () => worker.ended !== undefined,
    () => `the process to end by itself, it said ${JSON.stringify(worker.said)}`,
    TIMEOUT_MS + GRACE_MS + SLACK_MS + 3000,
  );
  const closed = worker.said.find(({ type }) => type === "closed");
  check(
    closed?.type === "closed" && worker.ended === 0,
    `close to resolve, and then the process to end: ${worker.ended}`,
  );
  within(closed.afterMs, { max: TIMEOUT_MS + GRACE_MS + SLACK_MS }, "the ms that close took in the process");
}

export const closeFrozen: Behaviour = behaviour({
  id: "faults.close-frozen",
  rows: [36],
  statements: ["C23", "C32"],
  title:
    "close keeps its time limit when the broker is frozen and answers nothing, and afterwards nothing keeps the process alive",
  tier: "faults",
  needs: ["freeze", "process"],
  requires: outsideThisProcess,
  async run(context) {
    const { broker } = context.harness;
    check(broker?.freeze !== undefined && broker.thaw !== undefined, "harness.broker.freeze and thaw");
    const { freeze, thaw } = broker;
    await closeWithin(context, freeze, thaw);
  },
});

export const closeHalfOpen: Behaviour = behaviour({
  id: "faults.close-half-open",
  rows: [36],
  statements: ["C23", "C32"],
  title:
    "close keeps its time limit on a connection that drops everything, and afterwards nothing keeps the process alive",
  tier: "faults",
  needs: ["proxy", "process"],
  requires: outsideThisProcess,
  async run(context) {
    const { proxy } = context.harness;
    check(proxy !== undefined, "harness.proxy");
    await closeWithin(
      context,
      async () => await proxy.blackhole(),
      () => proxy.heal(),
    );
  },
});
