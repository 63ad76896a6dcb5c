import { defineSubscription, defineTopic, Reject, RetryAfter } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { testPubSub } from "@anytopic/testing";

const Signup = z.object({ accountId: z.string(), at: z.string().transform((text) => new Date(text)) });
const Signups = defineTopic("signups", { schema: Signup, orderingKey: ({ accountId }) => accountId });
const SendWelcomeEmail = defineSubscription(Signups, "send-welcome-email", { retryPolicy: { maxRetries: 2 } });
const CountSignups = defineSubscription(Signups, "count-signups");
const a1 = { accountId: "a1", at: "2026-01-02T00:00:00Z" };
const a2 = { accountId: "a2", at: "2026-01-03T00:00:00Z" };

describe("what was published", () => {
  it("is recorded in order, decoded as handlers get it, and triggers nothing", async (t) => {
    const kit = await testPubSub(t);
    let calls = 0;
    await kit.pubsub.subscribe(SendWelcomeEmail, () => (calls += 1));
    await kit.pubsub.publish(Signups, a1, { attributes: { source: "web" } });
    await kit.pubsub.publish(Signups, a2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(calls).toBe(0);
    const test = "is-recorded-in-order,-decoded-as-handlers-…".slice(0, 10);
    expect(kit.published(Signups)).toEqual([
      {
        id: expect.stringMatching(new RegExp(`^${test}.*/signups/1$`)),
        topic: "signups",
        event: { accountId: "a1", at: new Date(a1.at) },
        attributes: { source: "web" },
        orderingKey: "a1",
        publishTime: kit.now(),
      },
      expect.objectContaining({ id: expect.stringMatching(/\/signups\/2$/), orderingKey: "a2" }),
    ]);
    expect(kit.published(Signups, { accountId: "a2" })).toHaveLength(1);
    expect(kit.published(Signups, ({ at }) => at.getTime() < Date.parse(a2.at))).toHaveLength(1);
    expect(kit.waiting(SendWelcomeEmail).map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  it("has ids by test, topic and number", async () => {
    const kit = await testPubSub("a test — with spaces");
    const ids = [await kit.pubsub.publish(Signups, a1), await kit.pubsub.publish(defineTopic("other"), 1)];
    expect([...ids, await kit.pubsub.publish(Signups, a2)]).toEqual([
      "a-test-with-spaces/signups/1",
      "a-test-with-spaces/other/1",
      "a-test-with-spaces/signups/2",
    ]);
    await kit.close();
  });
});

describe("delivery on demand", () => {
  it("delivers one message, one subscription, one topic, and returns how the attempts ended", async (t) => {
    const kit = await testPubSub(t);
    const calls: string[] = [];
    await kit.pubsub.subscribe(SendWelcomeEmail, ({ accountId }) => {
      calls.push(`email ${accountId}`);
      if (accountId === "a1") throw new Error("no mail server");
    });
    await kit.pubsub.subscribe(CountSignups, ({ accountId }) => void calls.push(`count ${accountId}`));
    await kit.pubsub.publish(Signups, a1);
    await kit.pubsub.publish(Signups, a2);

    const [first, ...none] = await kit.deliver(SendWelcomeEmail, { most: 1 });
    expect(none).toEqual([]);
    expect(first).toMatchObject({
      subscription: "send-welcome-email",
      event: { accountId: "a1" },
      attempt: 1,
      outcome: "retried",
      retryAt: new Date(kit.now().getTime() + 10_000),
      error: new Error("no mail server"),
    });
    expect(calls).toEqual(["email a1"]);
    expect(kit.delayed()).toEqual([
      {
        topic: "signups",
        subscription: "send-welcome-email",
        id: first?.id,
        attempt: 2,
        dueAt: new Date(kit.now().getTime() + 10_000),
      },
    ]);

    expect((await kit.deliver(CountSignups)).map(({ outcome }) => outcome)).toEqual(["acked", "acked"]);
    expect((await kit.deliver(Signups)).map(({ subscription, outcome }) => [subscription, outcome])).toEqual([
      ["send-welcome-email", "acked"],
    ]);
    expect(calls).toEqual(["email a1", "count a1", "count a2", "email a2"]);
    expect(await kit.deliver(Signups)).toEqual([]);
  });

  it("moves time to each retry, and says why a message was dead-lettered", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(SendWelcomeEmail, ({ accountId }, { attempt }) => {
      if (accountId === "a2") throw new Reject("unknown account");
      if (attempt === 1) throw new RetryAfter(3_600_000);
      throw new Error("no mail server");
    });
    await kit.pubsub.publish(Signups, a1);
    await kit.pubsub.publish(Signups, a2);
    const startMs = kit.now().getTime();
    const ended = await kit.runToQuiescence();
    const shown = ended.map(({ id, attempt, outcome, because, startedAt }) => [
      id.at(-1),
      attempt,
      outcome,
      because,
      startedAt.getTime() - startMs,
    ]);
    expect(shown).toEqual([
      ["1", 1, "retried", undefined, 0],
      ["2", 1, "dead-lettered", "rejected", 0],
      ["1", 2, "retried", undefined, 3_600_000],
      ["1", 3, "dead-lettered", "retries-exhausted", 3_620_000],
    ]);
    expect(await kit.pubsub.deadLetters(SendWelcomeEmail).count()).toBe(2);
    expect(kit.timeline()).toContain("01:00:20.000  signups/send-welcome-email");
  });

  it("lets time pass, and delivers what becomes due meanwhile", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(SendWelcomeEmail, (_, { attempt }) => {
      if (attempt < 3) throw new Error("again");
    });
    await kit.pubsub.publish(Signups, a1);
    const outcomes = async (ms: number): Promise<readonly string[]> =>
      (await kit.advance(ms)).map(({ attempt, outcome }) => `${attempt} ${outcome}`);
    expect(await outcomes(9_999)).toEqual(["1 retried"]);
    expect(await outcomes(1)).toEqual(["2 retried"]);
    expect(await outcomes(19_999)).toEqual([]);
    expect(await outcomes(1)).toEqual(["3 acked"]);
    expect(kit.handled(SendWelcomeEmail).map(({ outcome }) => outcome)).toEqual(["retried", "retried", "acked"]);
  });

  it("says that nobody has subscribed", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.publish(Signups, a1);
    await expect(kit.deliver(SendWelcomeEmail)).rejects.toThrow("no worker is open for signups/send-welcome-email");
  });

  it("keeps what was published before a worker was open, for declared subscriptions", async (t) => {
    const kit = await testPubSub(t, { declarations: [SendWelcomeEmail] });
    await kit.pubsub.publish(Signups, a1);
    await kit.pubsub.subscribe(SendWelcomeEmail, () => {});
    expect(await kit.runToQuiescence()).toHaveLength(1);
  });

  it("delivers as soon as it is published, when asked to", async (t) => {
    const kit = await testPubSub(t, { delivery: "at-once" });
    await kit.pubsub.subscribe(SendWelcomeEmail, () => {});
    await kit.pubsub.publish(Signups, a1);
    await expect.poll(() => kit.handled(SendWelcomeEmail).length).toBe(1);
  });
});
