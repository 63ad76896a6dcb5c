import { randomUUID } from "node:crypto";
import type { DueMessage, DueTime, ScheduledMessage, ScheduleStore } from "@anytopic/core";
import { check, equal, equalAttributes, equalBytes, sameMembers, within } from "./expect.ts";
import { eventually } from "./wait.ts";

/** How `checkScheduleStore` checks a store. */
export interface ScheduleStoreCheckOptions {
  /** The lease of claims that the checks let expire, in ms; more than a round trip to the store takes. @default 500 */
  readonly leaseMs?: number | undefined;
  /** When it aborts, the check rejects with the abort reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** One promise of `ScheduleStore`, and the check that it is kept. */
interface Check {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
}

/** Two clients of one store, as two processes have them, and a topic that no other check uses. */
interface World {
  readonly one: ScheduleStore;
  readonly other: ScheduleStore;
  readonly topic: string;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
}

const LONG_MS = 60_000;
const HOUR_MS = 3_600_000;
const SLACK_MS = 5000;

/**
 * Tests that a schedule store keeps the promises that core relies on (see `ScheduleStore`). It uses its own topics, so it can run on a
 * store that others use. It leaves messages that are due in an hour, and removes most of them.
 *
 * @param makeStore called twice; both must reach the same data, as two processes would
 * @returns the names of the promises that were kept
 * @throws AggregateError with one error for each promise that is not kept
 */
export async function checkScheduleStore(
  makeStore: () => ScheduleStore | Promise<ScheduleStore>,
  options: ScheduleStoreCheckOptions = {},
): Promise<readonly string[]> {
  const [one, other] = [await makeStore(), await makeStore()];
  const { leaseMs = 500, signal = new AbortController().signal } = options;
  const results = await Promise.allSettled(
    checks.map(({ run }, index) =>
      run({ one, other, topic: `check-${index}-${randomUUID().slice(0, 18)}`, leaseMs, signal }),
    ),
  );
  const broken = results.flatMap((result, index) =>
    result.status === "fulfilled" ? [] : [new Error(`${checks[index]?.name}: ${told(result.reason)}`)],
  );
  if (broken.length > 0) {
    const message = `the schedule store breaks ${broken.length} of its promises:\n${broken.map((error) => error.message).join("\n")}`;
    throw new AggregateError(broken, message);
  }
  return checks.map(({ name }) => name);
}

function told(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

const afterMs = (delayMs: number): DueTime => ({ atMs: Date.now() + delayMs, delayMs });
const at = (atMs: number): DueTime => ({ atMs, delayMs: undefined });

function message(topic: string, due: DueTime, changes: Partial<ScheduledMessage> = {}): ScheduledMessage {
  return {
    topic,
    id: randomUUID(),
    body: Buffer.from("{}"),
    attributes: {},
    publishTimeMs: Date.now(),
    due,
    ...changes,
  };
}

async function added({ one, topic }: World, count: number, due: DueTime): Promise<readonly string[]> {
  const messages = Array.from({ length: count }, () => message(topic, due));
  await one.add(messages);
  return messages.map(({ id }) => id);
}

/** Claims until there is something. */
async function claimed(
  { topic, signal }: World,
  store: ScheduleStore,
  leaseMs: number,
  withinMs: number,
): Promise<readonly DueMessage[]> {
  const found = await eventually(
    async () => {
      const due = await store.claimDue([topic], 100, leaseMs);
      return due.length > 0 ? due : undefined;
    },
    "a message to be due",
    { deadlineMs: withinMs + SLACK_MS, signal },
  );
  return found ?? [];
}

const checks: readonly Check[] = [
  {
    name: "whole: a message is claimed with its body, attributes and times, and done forgets it",
    async run(world) {
      const { one, other, topic } = world;
      const body = Uint8Array.from({ length: 256 }, (_, index) => index);
      const attributes = { plain: "a", ü: "✓ 'quoted' \"\\ $1 ?", empty: "" };
      const original = message(topic, at(0), { body, attributes, publishTimeMs: 1_700_000_000_123 });
      await one.add([original]);
      const [found, ...more] = await claimed(world, other, LONG_MS, 0);
      equal(more.length, 0, "further messages");
      check(found !== undefined, "a message to be claimed");
      equal([found.topic, found.id, found.attempt], [topic, original.id, 1], "topic, id and attempt of the claim");
      equal(found.publishTimeMs, original.publishTimeMs, "the publish time");
      equalBytes(found.body, body, "the body");
      equalAttributes(found.attributes, attributes, "the attributes");
      check(typeof found.token === "string" && found.token !== "", "a claim to have a token");
      await one.done([found.token]);
      equal(await one.list(topic, 10), [], "the list afterwards");
      equal(await other.nextDueMs([topic]), undefined, "when the next one is due afterwards");
    },
  },
  {
    name: "never early: by a time and by a delay, a message is claimed when it is due and soon after",
    async run(world) {
      const { one, topic } = world;
      const [startMs, startAtMs] = [Date.now(), performance.now()];
      const delays = [150, 400, 700, 1000];
      const times = delays.map((delayMs) => message(topic, at(startMs + delayMs)));
      const waits = delays.map((delayMs) => message(topic, afterMs(delayMs)));
      await one.add([...times, ...waits]);
      const left = new Set([...times, ...waits].map(({ id }) => id));
      while (left.size > 0) {
        for (const { id } of await claimed(world, one, LONG_MS, 1000)) {
          check(left.delete(id), "no message to be claimed twice");
          const dueMs = delays[[...times, ...waits].findIndex((each) => each.id === id) % delays.length] ?? 0;
          const passedMs = times.some((each) => each.id === id) ? Date.now() - startMs : performance.now() - startAtMs;
          within(
            passedMs,
            { min: dueMs - 1, max: dueMs + SLACK_MS },
            `the ms until a message of ${dueMs} ms was claimed`,
          );
        }
      }
    },
  },
  {
    name: "race: of many who claim at once, one gets each message",
    async run(world) {
      const { one, other, topic } = world;
      const ids = await added(world, 60, at(0));
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : other).claimDue([topic], 7, LONG_MS)),
      );
      const rest: DueMessage[] = [];
      while (claims.flat().length + rest.length < ids.length) rest.push(...(await claimed(world, one, LONG_MS, 0)));
      const all = [...claims.flat(), ...rest];
      sameMembers(
        all.map(({ id }) => id),
        ids,
        "the messages that were claimed",
      );
      equal(new Set(all.map(({ token }) => token)).size, ids.length, "the number of different tokens");
      for (const claim of claims) check(claim.length <= 7, `at most 7 messages in a claim, got ${claim.length}`);
      await one.done(all.map(({ token }) => token));
    },
  },
  {
    name: "lapse: a message whose lease has ended is claimed again with a new token, and the old one changes nothing",
    async run(world) {
      const { one, other, topic, leaseMs } = world;
      await added(world, 1, at(0));
      const startMs = performance.now();
      const [stale] = await claimed(world, one, leaseMs, 0);
      const early = await other.claimDue([topic], 10, LONG_MS);
      // On a loaded machine, the answer may come only when the lease has ended.
      const wasInTime = performance.now() - startMs < leaseMs;
      if (wasInTime) equal(early.length, 0, "messages to be claimed while a lease lasts");
      const [mine] = early.length > 0 ? early : await claimed(world, other, LONG_MS, leaseMs);
      equal([mine?.id, mine?.attempt], [stale?.id, 2], "the id and the attempt of the second claim");
      check(mine?.token !== stale?.token, "a new token for the new claim");
      await one.done([stale?.token ?? "", "no token of ours", ""]);
      await one.again(stale?.token ?? "", 0);
      equal((await one.list(topic, 10)).length, 1, "messages after a stale done");
      equal((await one.claimDue([topic], 10, LONG_MS)).length, 0, "messages to be claimed after a stale again");
      await other.done([mine?.token ?? ""]);
      equal(await one.list(topic, 10), [], "the list after the new holder's done");
    },
  },
  {
    name: "again: a message whose publish failed is due again after its pause, not earlier, with the next attempt",
    async run(world) {
      const { one, other, topic } = world;
      await added(world, 1, at(0));
      const [first] = await claimed(world, one, LONG_MS, 0);
      const startMs = performance.now();
      await one.again(first?.token ?? "", 300);
      const [second] = await claimed(world, other, LONG_MS, 300);
      within(performance.now() - startMs, { min: 299 }, "the ms until it was claimed again");
      equal(second?.attempt, 2, "the attempt");
      await other.done([first?.token ?? ""]);
      equal((await one.list(topic, 10)).length, 1, "messages after a done with the first token");
      await other.done([second?.token ?? ""]);
    },
  },
  {
    name: "one id: to add an id that is there changes nothing, and other topics have ids of their own",
    async run(world) {
      const { one, other, topic } = world;
      const original = message(topic, afterMs(HOUR_MS));
      await one.add([original]);
      await other.add([{ ...original, due: at(0) }, message(`${topic}-b`, afterMs(HOUR_MS), { id: original.id })]);
      equal((await one.claimDue([topic], 10, LONG_MS)).length, 0, "claimed messages of an id that was added twice");
      equal((await one.list(topic, 10)).length, 1, "the messages of the topic");
      equal(await one.cancel(topic, original.id), true, "what cancel says");
      equal((await one.list(`${topic}-b`, 10)).length, 1, "the messages of the other topic");
      equal(await one.cancel(`${topic}-b`, original.id), true, "what cancel says of the other topic's");
    },
  },
  {
    name: "cancel: a message is never claimed after it was cancelled, and what was claimed before is never called cancelled",
    async run(world) {
      const { one, other, topic, leaseMs } = world;
      const [id = ""] = await added(world, 1, afterMs(HOUR_MS));
      equal(await other.cancel(topic, id), true, "what cancel says of a message that waits");
      equal(await other.cancel(topic, id), false, "what cancel says the second time");
      equal(await one.cancel(topic, "unknown"), false, "what cancel says of an unknown id");
      const racing = await added(world, 40, at(0));
      const [claims, cancelled] = await Promise.all([
        Promise.all(Array.from({ length: 10 }, () => one.claimDue([topic], 4, LONG_MS))),
        Promise.all(racing.map(async (one_) => ((await other.cancel(topic, one_)) ? one_ : undefined))),
      ]);
      const taken = new Set(claims.flat().map((each) => each.id));
      equal(
        cancelled.filter((one_) => one_ !== undefined && taken.has(one_)),
        [],
        "messages that were both cancelled and claimed",
      );
      await one.done(claims.flat().map(({ token }) => token));
      const [failed = ""] = await added(world, 1, at(0));
      const [claim] = await claimed(world, one, leaseMs, 0);
      equal(await other.cancel(topic, failed), false, "what cancel says while a message is being published");
      equal((await one.list(topic, 10)).length, 1, "messages after that");
      await one.again(claim?.token ?? "", HOUR_MS);
      equal(await other.cancel(topic, failed), false, "what cancel says of one whose publish failed");
      equal(await one.list(topic, 10), [], "messages after that");
    },
  },
  {
    name: "list and next: what waits is listed by its time, and the next is known without claiming",
    async run(world) {
      const { one, other, topic } = world;
      const startMs = Date.now();
      const hours = [3, 1, 2];
      const messages = hours.map((hour) =>
        message(topic, hour === 1 ? at(startMs + HOUR_MS) : afterMs(hour * HOUR_MS), { publishTimeMs: startMs }),
      );
      await one.add(messages);
      const listed = await other.list(topic, 10);
      equal(
        listed.map(({ id }) => id),
        [1, 2, 0].map((index) => messages[index]?.id),
        "the ids of the list",
      );
      for (const [index, { deliverAtMs, publishTimeMs, attempts }] of listed.entries()) {
        within(
          deliverAtMs - startMs,
          { min: (index + 1) * HOUR_MS - 1, max: (index + 1) * HOUR_MS + SLACK_MS },
          "a time of the list",
        );
        equal([publishTimeMs, attempts], [startMs, 0], "publish time and attempts of the list");
      }
      equal((await other.list(topic, 2)).length, 2, "the length of a list with a limit");
      const nextMs = await other.nextDueMs([topic, `${topic}-b`]);
      within(nextMs ?? Number.NaN, { min: HOUR_MS - SLACK_MS - 1000, max: HOUR_MS }, "the ms until the next one");
      await other.add([message(topic, at(0))]);
      equal(await one.nextDueMs([topic]), 0, "the ms until one that is due");
      equal(await one.nextDueMs([`${topic}-b`]), undefined, "the ms until the next one of another topic");
      equal((await one.claimDue([`${topic}-b`], 10, LONG_MS)).length, 0, "claimed messages of another topic");
      for (const { id } of messages) await one.cancel(topic, id);
      await one.done((await one.claimDue([topic], 10, LONG_MS)).map(({ token }) => token));
    },
  },
];
