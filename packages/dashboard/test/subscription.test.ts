import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { loadConfig } from "@anytopic/core/config";
import { memory } from "@anytopic/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import type { PauseAnswer } from "../src/api/pause-request.ts";
import type { SubscriptionDetail } from "../src/api/subscription-detail.ts";
import { dashboard, type Dashboard, type DashboardOptions, type Permission } from "../src/index.ts";
import { ask } from "./ask.ts";
import { observed, read, shop } from "./shop.ts";

function opened(options: Omit<DashboardOptions, "authorize">, can: readonly Permission[] = ["pause"]): Dashboard {
  const handler = dashboard({ statisticsEveryMs: 1000, ...options, authorize: () => ({ user: "ada", can }) });
  onTestFinished(async () => await handler.close());
  return handler;
}

describe("one subscription", () => {
  test("tells counts, times, the last errors and the workers of this process", async () => {
    const { Orders, Mail, declarations } = shop();
    const events = observed("shop");
    await using pubsub = await connect(memory(), { declarations, observer: events.observe });
    const handler = opened({ pubsub, declarations, events });
    const path = `subscription?of=${Orders.name}/mail`;
    expect((await read<SubscriptionDetail>(handler, path)).observed?.counts).toBeNull();
    await pubsub.subscribe(Mail, ({ total }) => {
      if (total === 13) throw new Error("smtp: refused");
      if (total === 14) throw new Reject("no such mailbox");
    });
    for (let total = 1; total <= 14; total += 1) await pubsub.publish(Orders, { total });
    const detail = async (): Promise<SubscriptionDetail> => await read<SubscriptionDetail>(handler, path);
    await expect.poll(async () => (await detail()).observed?.counts?.started).toBe(14);
    await expect.poll(async () => (await detail()).numbers.deadLetters).toBe(1);
    const { observed: seen, workers, numbers, history, problems } = await detail();
    expect(seen?.counts).toEqual({
      started: 14,
      acknowledged: 12,
      retried: 1,
      deadLettered: 1,
      leaseLost: 0,
      released: 0,
      skipped: 0,
    });
    expect(seen?.waitMs?.count).toBe(14);
    expect(seen?.handlingMs?.count).toBe(14);
    expect(seen?.handlingMs?.p95).toBeGreaterThanOrEqual(seen?.handlingMs?.p50 ?? Number.POSITIVE_INFINITY);
    expect(seen?.ended.reduce((sum, count) => sum + count, 0)).toBe(13);
    expect(seen?.errors).toMatchObject([
      { type: "dead-letter", name: "Reject", message: "no such mailbox", service: "shop", attempt: 1 },
      { type: "retry", name: "Error", message: "smtp: refused" },
    ]);
    expect(workers).toMatchObject([{ state: "receiving", capacity: 100, running: 0, stuck: null, circuit: null }]);
    expect(numbers).toMatchObject({ waiting: 0, delayed: 1, deadLetters: 1 });
    expect(history.at(-1)).toMatchObject({ waiting: 0, deadLetters: 1 });
    expect(problems).toMatchObject([{ kind: "letters", text: "1 dead letter" }]);
  });

  test("tells what is in force, and what of it the configuration says", async () => {
    const Jobs = defineTopic<string>("jobs", { orderingKey: (job) => job, replay: true });
    const Work = defineSubscription(Jobs, "work", {
      filter: { region: ["eu", { prefix: "us-" }] },
      retryPolicy: { maxRetries: Number.POSITIVE_INFINITY },
      circuit: {},
    });
    const work = { ackDeadlineMs: 5000, rate: { max: 3, perMs: 1000 } };
    const { config } = await loadConfig({
      config: { connections: { main: { url: "memory:" } }, topics: { jobs: { subscriptions: { work } } } },
    });
    await using pubsub = await connect({ config });
    const handler = opened({ pubsub, declarations: [Jobs, Work], config });
    const { settings, filterPlaces, connections } = await read<SubscriptionDetail>(
      handler,
      "subscription?of=jobs/work",
    );
    expect(settings).toMatchObject({
      ackDeadlineMs: 5000,
      rate: { max: 3, perMs: 1000 },
      circuit: { failures: 5, openMs: 10_000 },
      maxRetries: null,
      ordered: true,
      replay: true,
      deliveryGuarantee: "at-least-once",
      filter: { region: ["eu", { prefix: "us-" }] },
      configured: ["ackDeadlineMs", "rate"],
    });
    expect(filterPlaces).toMatchObject([{ connection: "main", appliedBy: "worker" }]);
    expect(connections).toEqual(["main"]);
  });

  test.for([
    ["subscription", 400, "of must be a text such as topic/subscription"],
    ["subscription?of=orders/nobody", 404, "no such subscription is declared: see the list of subscriptions"],
    ["subscription?of=%3Cscript%3E", 404, "no such subscription is declared: see the list of subscriptions"],
  ] as const)("%s answers %i", async ([path, status, message]) => {
    const { declarations } = shop();
    await using pubsub = await connect(memory(), { declarations });
    const response = await ask(opened({ pubsub, declarations }), "GET", `/api/${path}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { message } });
  });
});

describe("pause and resume", () => {
  test("stop and start the workers of this process, and are logged", async () => {
    const { Orders, Mail, declarations } = shop();
    await using pubsub = await connect(memory(), { declarations });
    const logged: object[] = [];
    const ignore = (): void => {};
    const logger = { debug: ignore, warn: ignore, error: ignore, info: (fields: object) => void logged.push(fields) };
    const handler = opened({ pubsub, declarations, logger });
    const handled: number[] = [];
    await pubsub.subscribe(Mail, ({ total }) => void handled.push(total));
    const of = `${Orders.name}/mail`;
    const paused = await ask(handler, "POST", "/api/pause", { body: { of } });
    expect((await paused.json()) as PauseAnswer).toEqual({ workers: 1 });
    await pubsub.publish(Orders, { total: 1 });
    const detail = await read<SubscriptionDetail>(handler, `subscription?of=${of}`);
    expect(detail).toMatchObject({ state: "paused", workers: [{ state: "paused" }], problems: [{ kind: "paused" }] });
    expect(handled).toEqual([]);
    await ask(handler, "POST", "/api/resume", { body: { of } });
    await expect.poll(() => handled).toEqual([1]);
    expect(logged).toContainEqual({ user: "ada", action: "pause", subscription: of, workers: 1 });
    expect(logged).toContainEqual({ user: "ada", action: "resume", subscription: of, workers: 1 });
  });

  test("are refused without a worker, without permission, and with a wrong body", async () => {
    const { Orders, Mail, declarations } = shop();
    await using pubsub = await connect(memory(), { declarations });
    const of = `${Orders.name}/mail`;
    const handler = opened({ pubsub, declarations });
    const none = await ask(handler, "POST", "/api/pause", { body: { of } });
    expect(none.status).toBe(409);
    expect(await none.json()).toMatchObject({
      error: {
        code: "NO_WORKER",
        message: `this process has no worker of ${of}: pause it in the process that has one`,
      },
    });
    await using worker = await pubsub.subscribe(Mail, () => {});
    const forbidden = await ask(opened({ pubsub, declarations }, ["publish"]), "POST", "/api/pause", { body: { of } });
    expect(forbidden.status).toBe(403);
    for (const body of [{}, [], { of: 5 }, { of: null }]) {
      expect((await ask(handler, "POST", "/api/pause", { body })).status).toBe(400);
    }
    expect(worker.health().state).toBe("receiving");
  });
});
