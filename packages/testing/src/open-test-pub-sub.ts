import { connect, type PubSub, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { intercept } from "@anytopic/core/intercept";
import { Gate } from "./broker/gate.ts";
import { likeBroker } from "./broker/like.ts";
import { TestBroker } from "./broker/test-broker.ts";
import type { FaultSource } from "./faults/fault-source.ts";
import { Faults } from "./faults/faults.ts";
import { Journal } from "./record/journal.ts";
import { remember } from "./kit-of.ts";
import { atEndOf, nameOf, type TestContext } from "./test-context.ts";
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
 * @param test what vitest or node:test gives to a test, or its name. It names the ids, and closes the kit. @default the running test's name
 *   where the runner tells it, else "test"
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

/** The contexts of vitest and node:test have methods, which options have not. */
function isContext(value: TestContext | TestPubSubOptions | undefined): value is TestContext {
  return (
    value !== undefined && ("task" in value || "fullName" in value || "after" in value || "onTestFinished" in value)
  );
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
  let pubsub: PubSub | undefined;
  const life = new Life({ clock, activity, patienceMs, pubsub: () => pubsub });
  broker = new TestBroker(new Gate(delivery === "at-once"), faults, attempt, {
    stored: (topic, message) => journal.stored(topic, message),
    delivered: (topic, subscription, message) => journal.delivered(topic, subscription, message),
    late: (id) => activity.answeredLater(id),
    afterTurn(run) {
      void activity.during(nextTurn().then(run));
    },
  });
  const { patienceMs: _, ...connectOptions } = rest;
  const wrapped = intercept(memory(), (driver, context) => broker.wrap(driver, context));
  const ids = new TestIds(nameOf(test));
  pubsub = await connect(await likeBroker(wrapped, like), {
    ...connectOptions,
    clock,
    random,
    newId: (topic) => ids.next(topic),
    instrumentation: [activity.instrumentation],
  });
  return remember(new TestPubSub({ pubsub, clock, journal, faults, activity, life, broker }));
}
