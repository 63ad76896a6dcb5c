import type { DriverDeadLetters, StoredMessage } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";
import { ack, message, openDriver, ProbeSink, publish, subscriptionSpec, topicSpec, withTopology } from "./probe.ts";

const topic = topicSpec();
const subscription = subscriptionSpec(topic);
const other = subscriptionSpec(topic, { name: "other" });

async function firstOf(letters: DriverDeadLetters, limit: number): Promise<readonly StoredMessage[]> {
  const seen: StoredMessage[] = [];
  await letters.scan!(limit, (letter) => seen.push(letter) > 0);
  return seen;
}

describe("dead letters", () => {
  it("are kept per subscription, oldest first, and counted exactly", async () => {
    const { driver } = await withTopology([subscription, other]);
    const letters = await driver.openDeadLetters(subscription);
    for (const id of ["a", "b", "c"])
      await letters.store(message(id, { attributes: { "anytopic-dead-letter": "{}" } }));
    expect(await letters.count()).toBe(3);
    expect((await firstOf(letters, 2)).map(({ id }) => id)).toEqual(["a", "b"]);
    const [first] = await firstOf(letters, 1);
    expect(first).toMatchObject({ publishTimeMs: 1_700_000_000_000, orderingKey: undefined, native: { id: "a" } });
    expect(await (await driver.openDeadLetters(other)).count()).toBe(0);
    expect(await letters.purge!()).toBe(3);
    expect(await letters.count()).toBe(0);
  });

  it("that are taken are nobody else's until put back or until the lease ends, and gone when removed", async () => {
    const { driver, clock } = await withTopology([subscription]);
    const letters = await driver.openDeadLetters(subscription);
    for (const id of ["a", "b", "c"]) await letters.store(message(id));
    const [a, b] = await letters.take(2, 0);
    expect((await letters.take(9, 0)).map(({ id }) => id)).toEqual(["c"]);
    expect(await letters.take(9, 0)).toEqual([]);
    expect(await letters.count()).toBe(3);
    await a?.putBack();
    expect((await letters.take(9, 0)).map(({ id }) => id)).toEqual(["a"]);
    await b?.remove();
    expect(await letters.count()).toBe(2);
    await clock.advance(60_000);
    const [again] = await letters.take(1, 0);
    expect(again?.id).toBe("a");
    await expect(a?.remove()).rejects.toMatchObject({ code: "LEASE_LOST" });
    await letters.purge!();
    await again?.remove();
  });

  it("that share id and time are told apart, also after they were put back", async () => {
    const { driver } = await withTopology([subscription]);
    const letters = await driver.openDeadLetters(subscription);
    for (const id of ["a", "a"]) await letters.store(message(id));
    const taken = await letters.take(9, 0);
    const marks = taken.map(({ mark }) => mark);
    expect(new Set(marks).size).toBe(2);
    expect(marks).not.toContain(undefined);
    await Promise.all(taken.map((letter) => letter.putBack()));
    expect((await letters.take(9, 0)).map(({ mark }) => mark)).toEqual(marks);
  });

  it("go back to their own subscription alone, as new, past the deduplication window", async () => {
    const { driver } = await withTopology([subscription, other]);
    const sink = new ProbeSink((delivery) => void ack(delivery));
    const otherSink = new ProbeSink((delivery) => void ack(delivery));
    await driver.openSubscriber(subscription, sink, { maxOutstanding: 1 });
    await driver.openSubscriber(other, otherSink, { maxOutstanding: 1 });
    await publish(driver, topic, [message("a")]);
    await (await driver.openDeadLetters(subscription)).redeliver(message("a"));
    expect(sink.deliveries).toMatchObject([
      { id: "a", attempt: 1 },
      { id: "a", attempt: 1, publishTimeMs: 1_700_000_000_000 },
    ]);
    expect(otherSink.ids).toEqual(["a"]);
  });

  it("are refused beyond maxMessages", async () => {
    const { driver } = await withTopology([subscription], { maxMessages: 1 });
    const letters = await driver.openDeadLetters(subscription);
    await letters.store(message("a"));
    await expect(letters.store(message("b"))).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    expect(await letters.count()).toBe(1);
  });

  it("are refused beyond maxBytes, until some are removed", async () => {
    const { driver } = await withTopology([subscription], { maxBytes: 10 * 1024 * 1024 });
    const letters = await driver.openDeadLetters(subscription);
    const large = (id: string) => message(id, { body: new Uint8Array(6 * 1024 * 1024) });
    await letters.store(large("a"));
    await expect(letters.store(large("b"))).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await (await letters.take(1, 0))[0]?.remove();
    await letters.store(large("c"));
    expect(await letters.purge!()).toBe(1);
    await letters.store(large("d"));
    expect((await firstOf(letters, 9)).map(({ id }) => id)).toEqual(["d"]);
  });

  it("of a missing subscription are NOT_FOUND", async () => {
    const { driver } = await openDriver();
    await expect(driver.openDeadLetters(subscription)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
