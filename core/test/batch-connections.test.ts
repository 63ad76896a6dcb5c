import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { turn } from "./opened-worker.ts";
import { twoBrokers } from "./two-brokers.ts";

const Signups = defineTopic<{ readonly user: number }>("signups");
const Mail = defineSubscription(Signups, "mail", { maxConcurrency: 2 });

describe("batches", () => {
  it("on two connections share the places, hold messages of one connection each, and see an event of both once", async () => {
    const brokers = twoBrokers();
    const topics = { signups: { mirror: "b", subscriptions: { mail: { connections: ["a", "b"] } } } };
    await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail] });
    let running = 0;
    let most = 0;
    const handled: number[] = [];
    await pubsub.subscribe(
      Mail,
      async (signups) => {
        most = Math.max(most, (running += 1));
        await turn();
        handled.push(...signups.map(({ user }) => user));
        running -= 1;
      },
      { batch: { maxMessages: 4, maxWaitMs: 20 } },
    );
    await Promise.all(Array.from({ length: 30 }, (_, user) => pubsub.publish(Signups, { user })));
    await expect.poll(() => handled.length).toBeGreaterThanOrEqual(30);
    await expect.poll(() => pubsub.health().subscriptions.every(({ waiting }) => waiting === 0)).toBe(true);
    expect(handled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, user) => user));
    expect(most).toBe(2);
  });

  it("have the size of the configuration, where the code asks for batches", async () => {
    const brokers = twoBrokers();
    const mail = { batch: { maxMessages: 2, maxWaitMs: 10 } };
    const topics = { signups: { subscriptions: { mail } } };
    const clock = new VirtualClock();
    await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail], clock });
    const sizes: number[] = [];
    const batched = await pubsub.subscribe(Mail, (signups) => void sizes.push(signups.length), {
      batch: { maxMessages: 100, maxWaitMs: 60_000 },
    });
    for (const user of [1, 2, 3]) await pubsub.publish(Signups, { user });
    await turn();
    expect(sizes).toEqual([2]);
    await clock.advance(10);
    await expect.poll(() => sizes).toEqual([2, 1]);
    await batched.close();
    const users: number[] = [];
    await pubsub.subscribe(Mail, ({ user }) => void users.push(user));
    await pubsub.publish(Signups, { user: 4 });
    await expect.poll(() => users).toEqual([4]);
  });
});
