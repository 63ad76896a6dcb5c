import { VirtualClock } from "@anytopic/core";
import { Gate } from "./broker/gate.ts";
import { Connections } from "./broker/connections.ts";
import { TestBroker } from "./broker/test-broker.ts";
import { Delivering } from "./delivering.ts";
import type { FaultSource } from "./faults/fault-source.ts";
import { Faults } from "./faults/faults.ts";
import { Journal } from "./record/journal.ts";
import { atEndOf, isContext, nameOf, type TestContext } from "./test-context.ts";
import { TestIds } from "./test-ids.ts";
import { TestPubSub } from "./test-pub-sub.ts";
import { patienceOf, type TestPubSubOptions } from "./test-pub-sub-options.ts";
import { Activity } from "./time/activity.ts";
import { Life } from "./time/life.ts";
import { nextTurn } from "./time/real-time.ts";

/**
 * A `PubSub` for one test, over a memory broker of its own and in virtual time. The engine is the real one: codec, schema, limits,
 * retries, order and dead letters.
 *
 * `test` is what vitest or node:test gives to a test, or its name. It names the ids, and closes the kit. Default: the running test's name
 * where the runner tells it, else "test".
 */
export function testPubSub(options?: TestPubSubOptions): Promise<TestPubSub>;
export function testPubSub(test: TestContext | string | undefined, options?: TestPubSubOptions): Promise<TestPubSub>;
export async function testPubSub(
  first?: TestContext | string | TestPubSubOptions,
  second?: TestPubSubOptions,
): Promise<TestPubSub> {
  const isTest = second !== undefined || typeof first === "string" || isContext(first);
  const test = isTest ? (first as TestContext | string | undefined) : undefined;
  const kit = await openTestPubSub(test, second ?? (isTest ? {} : (first ?? {})));
  atEndOf(test, () => kit.close());
  return kit;
}

/** What only this package asks for. */
export interface TestPubSubInternals {
  /** Decides about faults that the test has not planned. */
  readonly drawn?: FaultSource | undefined;
  /** The attempt of a message that is delivered for the first time. */
  readonly attempt?: number | undefined;
}

export async function openTestPubSub(
  test: TestContext | string | undefined,
  options: TestPubSubOptions,
  { drawn, attempt = 1 }: TestPubSubInternals = {},
): Promise<TestPubSub> {
  const patienceMs = patienceOf(options);
  const { delivery, like, now, random = () => 0, ...rest } = options;
  const clock = new VirtualClock(now === undefined ? undefined : Number(now));
  const journal = new Journal(clock);
  const faults = new Faults((what, where, id) => journal.note(what, where, id), drawn);
  let broker: TestBroker | undefined;
  const activity = new Activity({
    now: () => clock.now(),
    started(info) {
      journal.started(info);
      broker?.started(info.topic, info.subscription, info.id, info.attempt);
    },
    ended: (info, end, startedMs) => journal.ended(info, end, startedMs),
  });
  const connections: Connections = new Connections({
    clock,
    random,
    ids: new TestIds(nameOf(test)),
    instrumentation: activity.instrumentation,
    wrap: (driver, context) => (broker as TestBroker).wrap(driver, context),
    like,
  });
  const life = new Life({ clock, activity, patienceMs, pubsubs: () => connections.open });
  broker = new TestBroker(new Gate(delivery === "at-once"), faults, attempt, {
    stored: (topic, message) => journal.stored(topic, message),
    delivered: (topic, subscription, message) => journal.delivered(topic, subscription, message),
    confirmedLater: (topic, id) => activity.confirmedLater(topic, id),
    confirmedNow: (topic, id) => activity.confirmedNow(topic, id),
    afterTurn(run) {
      void activity.during(nextTurn().then(run));
    },
  });
  const { patienceMs: _, ...connectOptions } = rest;
  const pubsub = await connections.connect(connectOptions);
  const delivering = new Delivering({ pubsub, clock, journal, activity, life, broker });
  return new TestPubSub({ pubsub, connections, clock, journal, faults, activity, life, delivering, broker });
}
