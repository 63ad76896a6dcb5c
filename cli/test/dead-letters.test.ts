import { Reject, type Subscription } from "@anytopic/core";
import { describe, expect, test, vi } from "vitest";
import * as declared from "./fixtures/topics.ts";
import { onNats } from "./on-nats.ts";

const nats = onNats();

const SendMail = declared.subscriptions[0] as Subscription<declared.Signup>;

describe("dead letters", () => {
  async function reject(...accounts: readonly string[]): Promise<void> {
    let rejected = 0;
    const worker = await nats.pubsub.subscribe(SendMail, ({ accountId }) => {
      // What other tests have published.
      if (!accounts.includes(accountId)) return;
      rejected += 1;
      throw rejected % 2 === 1 ? new Reject("no such account") : new Error("mail is down");
    });
    for (const accountId of accounts) {
      await nats.pubsub.publish(declared.Signups, { accountId }, { attributes: { tenant: accountId.slice(0, 1) } });
    }
    await vi.waitFor(async () => expect(await nats.pubsub.deadLetters(SendMail).count()).toBe(accounts.length), {
      timeout: 15_000,
    });
    await worker.close();
  }

  test("list, peek, redrive and purge, with filters", async () => {
    await nats.cli(["apply"]);
    await reject("a2", "a5", "b3", "b4");

    expect(await nats.json(["dlq", "list"])).toMatchObject({
      subscriptions: expect.arrayContaining([{ subscription: "signups/send-mail", count: 4 }]),
    });
    const listed = await nats.json(["dlq", "list", "signups/send-mail", "--reason", "rejected"]);
    expect(listed).toMatchObject({ count: 4 });
    const letters = listed["letters"] as Record<string, unknown>[];
    expect(letters.map(({ attributes }) => attributes)).toEqual([{ tenant: "a" }, { tenant: "b" }]);
    expect(letters[0]).toMatchObject({
      reason: "rejected",
      errorMessage: "no such account",
      attempts: 1,
      orderingKey: "a2",
    });
    expect(letters[0]).not.toHaveProperty("body");

    const peeked = await nats.cli(["dlq", "peek", "signups/send-mail", "--attribute", "tenant=b", "--json"]);
    const bodies = peeked.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { body: string }).body);
    expect(bodies).toEqual(['{"accountId":"b3"}', '{"accountId":"b4"}']);
    expect((await nats.cli(["dlq", "peek", "signups/send-mail", "--limit", "1"])).stdout).toContain(
      '{"accountId":"a2"}',
    );
    expect(await nats.json(["dlq", "list", "signups/send-mail", "--older-than", "1h"])).toMatchObject({ letters: [] });

    const redriven = await nats.json([
      "dlq",
      "redrive",
      "signups/send-mail",
      "--attribute",
      "tenant=a",
      "--reason",
      "rejected",
    ]);
    expect(redriven).toEqual({ subscription: "signups/send-mail", redriven: 1, complete: true });
    const handled: string[] = [];
    const worker = await nats.pubsub.subscribe(SendMail, ({ accountId }) => void handled.push(accountId));
    await vi.waitFor(() => expect(handled).toEqual(["a2"]), { timeout: 10_000 });
    await worker.close();

    expect(await nats.json(["dlq", "purge", "signups/send-mail", "--attribute", "tenant=b", "--yes"])).toMatchObject({
      purged: 2,
    });
    expect(await nats.json(["dlq", "purge", "signups/send-mail", "--yes"])).toMatchObject({ purged: 1 });
    expect((await nats.cli(["dlq", "peek", "signups/send-mail"])).stderr).toContain("no dead letters");
  });
});
