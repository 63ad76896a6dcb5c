import { defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { expect, test, vi } from "vitest";
import { onNats } from "./on-nats.ts";
import { runHere, start, TOPICS } from "./program.ts";

const nats = onNats();
const Signups = defineTopic<{ accountId: string }>("signups", { orderingKey: ({ accountId }) => accountId });
const SendMail = defineSubscription(Signups, "send-mail", { retryPolicy: { maxRetries: 0 } });

test("stats says what exists, in a table and as JSON, and what is missing", async () => {
  const missing = await nats.cli(["stats"]);
  expect(missing).toMatchObject({ code: 1, stdout: expect.stringMatching(/signups\/send-mail {2}NOT_FOUND: /) });
  const plan = await nats.json(["plan"], 1);
  expect(plan).toMatchObject({ upToDate: false });
  expect(await nats.cli(["apply"])).toMatchObject({ code: 0 });
  for (let index = 0; index < 3; index += 1) await nats.pubsub.publish(Signups, { accountId: `a${index}` });
  const { code, stdout } = await nats.cli(["stats", "signups/send-mail"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /SUBSCRIPTION +WAITING +IN FLIGHT +DELAYED +OLDEST +DEAD LETTERS\nsignups\/send-mail +~3 +0 +- +~?\d s +0\n/,
  );

  const worker = await nats.pubsub.subscribe(SendMail, () => {
    throw new Reject("no");
  });
  await vi.waitUntil(async () => (await nats.pubsub.stats(SendMail)).deadLetters === 3, {
    timeout: 20_000,
    interval: 100,
  });
  await worker.close();
  const { subscriptions } = (await nats.json(["stats"])) as { readonly subscriptions: readonly object[] };
  const none = { waiting: 0, inFlight: 0, delayed: null, oldestAgeMs: 0, deadLetters: 0, error: null };
  expect(subscriptions).toEqual([
    { subscription: "notes/archive", ...none },
    { subscription: "orders/bill", ...none },
    { subscription: "signups/send-mail", ...none, deadLetters: 3 },
  ]);
});

test("stats --watch reads again and again, and Ctrl-C ends it", async () => {
  const args = ["stats", "--watch", "--every", "1s", "--json", "--url", nats.broker.url, "--declarations", TOPICS];
  const running = start(args);
  await vi.waitUntil(() => running.stdout().split("\n").length > 3, { timeout: 20_000 });
  running.child.kill("SIGINT");
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ time: expect.any(String) as string });
});

test("--every is checked", async () => {
  const here = ["--url", nats.broker.url, "--declarations", TOPICS];
  expect(await runHere(["stats", "--every", "30s", ...here])).toMatchObject({ code: 2 });
  const { code, stderr } = await runHere(["stats", "--watch", "--every", "10ms", ...here]);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("must be 1s or more") });
});
