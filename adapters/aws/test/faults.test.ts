import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import type { PublishBatchCommandInput, PublishBatchCommandOutput } from "@aws-sdk/client-sns";
import type { ChangeMessageVisibilityBatchCommandInput, DeleteMessageBatchCommandOutput } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { createTestClients, type TestClients } from "./clients.ts";
import { RequestCounter } from "./request-counter.ts";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

interface Entry {
  readonly Id?: string | undefined;
}

interface Answer {
  Successful?: Entry[] | undefined;
  Failed?: { Id: string | undefined; Code: string | undefined; SenderFault: boolean | undefined }[] | undefined;
}

/** Makes the chosen entries of an answer failures with this code. */
function failEntries(answer: Answer, chosen: (entry: Entry) => boolean, Code: string): void {
  const { Successful = [], Failed = [] } = answer;
  const failing = Successful.filter(chosen);
  answer.Successful = Successful.filter((entry) => !failing.includes(entry));
  answer.Failed = [...Failed, ...failing.map(({ Id }) => ({ Id, Code, SenderFault: false }))];
}

interface Setup extends AsyncDisposable {
  readonly clients: TestClients;
  readonly counter: RequestCounter;
  readonly pubsub: PubSub;
}

async function setUp(): Promise<Setup> {
  const clients = createTestClients((broker as Broker).url);
  const counter = new RequestCounter(clients);
  const pubsub = await connect(aws(clients));
  return {
    clients,
    counter,
    pubsub,
    async [Symbol.asyncDispose]() {
      await pubsub.close();
      clients.sns.destroy();
      clients.sqs.destroy();
    },
  };
}

function unique(): string {
  return `faults-${crypto.randomUUID().slice(0, 8)}`;
}

const DONE = { step: "initialize", priority: "high" } as const;

describe.skipIf(broker === undefined)("answers of AWS with failed entries", () => {
  test("publish sends throttled entries again, those alone, and rejects what AWS refuses", async () => {
    await using setup = await setUp();
    const { clients, counter, pubsub } = setup;
    const sizes: number[] = [];
    clients.sns.middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        if (context.commandName !== "PublishBatchCommand") return result;
        const output = result.output as PublishBatchCommandOutput;
        const entries = (args.input as PublishBatchCommandInput).PublishBatchRequestEntries ?? [];
        sizes.push(entries.length);
        // The emulator has stored them, so they may be delivered twice or after a rejection: nobody reads them here.
        if (sizes.length <= 2) failEntries(output, ({ Id }) => Number(Id) < 3, "Throttled");
        else failEntries(output, ({ Id }) => Id === "0", "InvalidParameter");
        return result;
      },
      DONE,
    );
    const topic = defineTopic<number>(unique());
    await pubsub.apply([topic]);
    counter.take();
    const results = await pubsub.publishBatch(
      topic,
      Array.from({ length: 10 }, (_, event) => ({ event })),
    );
    expect(sizes).toEqual([10, 3, 3]);
    expect(results.map(({ ok }) => ok)).toEqual([false, ...Array.from({ length: 9 }, () => true)]);
    expect(results[0]).toMatchObject({ error: { code: "REJECTED" } });
  });

  test("publish gives up on entries that stay throttled, and says so", async () => {
    await using setup = await setUp();
    const { clients, pubsub } = setup;
    let calls = 0;
    clients.sns.middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        if (context.commandName !== "PublishBatchCommand") return result;
        calls += 1;
        failEntries(result.output as PublishBatchCommandOutput, () => true, "Throttled");
        return result;
      },
      DONE,
    );
    const topic = defineTopic<number>(unique());
    await expect(pubsub.publish(topic, 1)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    expect(calls).toBe(4);
  });

  test("an entry that the answer does not mention may have happened, and its neighbours have", async () => {
    await using setup = await setUp();
    const { clients, pubsub } = setup;
    clients.sns.middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        if (context.commandName !== "PublishBatchCommand") return result;
        const output = result.output as PublishBatchCommandOutput;
        output.Successful = output.Successful?.filter(({ Id }) => Id !== "1");
        return result;
      },
      DONE,
    );
    const topic = defineTopic<number>(unique());
    await pubsub.apply([topic]);
    const results = await pubsub.publishBatch(topic, [{ event: 0 }, { event: 1 }, { event: 2 }]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({ error: { code: "TIMEOUT" } });
  });

  test("a delete that AWS failed is sent again; one with an expired receipt is a lost lease", async () => {
    await using setup = await setUp();
    const { clients, pubsub } = setup;
    let calls = 0;
    clients.sqs.middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        if (context.commandName !== "DeleteMessageBatchCommand") return result;
        calls += 1;
        const output = result.output as DeleteMessageBatchCommandOutput;
        failEntries(output, () => true, calls === 1 ? "InternalError" : "ReceiptHandleIsInvalid");
        return result;
      },
      DONE,
    );
    const topic = defineTopic<number>(unique());
    const subscription = defineSubscription(topic, "worker");
    await pubsub.apply([subscription]);
    await pubsub.publish(topic, 1);
    await using deliveries = pubsub.deliveries(subscription, { maxConcurrency: 1 });
    const { value: delivery } = await deliveries.next();
    await expect(delivery?.ack()).rejects.toMatchObject({ code: "LEASE_LOST" });
    expect(calls).toBe(2);
  });
});

describe.skipIf(broker === undefined)("leases", () => {
  test("a renewal never follows the settle of its message, however often both meet", async () => {
    await using setup = await setUp();
    const { clients, pubsub } = setup;
    const settled = new Set<string>();
    const afterSettle: string[] = [];
    clients.sqs.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === "ChangeMessageVisibilityBatchCommand") {
          const { Entries = [] } = args.input as ChangeMessageVisibilityBatchCommandInput;
          for (const { ReceiptHandle = "", VisibilityTimeout } of Entries) {
            if (settled.has(ReceiptHandle)) afterSettle.push(ReceiptHandle);
            // The lease is 3 s; a retry asks for 5 s.
            if (VisibilityTimeout === 5) settled.add(ReceiptHandle);
          }
          // Renewals take long and retries do not: unless a retry waits, the renewal arrives after it.
          const renews = Entries.some(({ VisibilityTimeout }) => VisibilityTimeout === 3);
          await new Promise((resolve) => {
            setTimeout(resolve, renews ? 150 : 0);
          });
        }
        return await next(args);
      },
      DONE,
    );
    const topic = defineTopic<number>(unique());
    const subscription = defineSubscription(topic, "worker", {
      ackDeadlineMs: 3000,
      retryPolicy: { minBackoffMs: 5000, maxBackoffMs: 5000, maxRetries: 5, jitter: 0 },
    });
    await pubsub.apply([subscription]);
    const failedAt = new Map<string, number>();
    const early: number[] = [];
    let done = 0;
    const worker = await pubsub.subscribe(subscription, async (event, { id, attempt }) => {
      if (attempt > 1) {
        const waitedMs = performance.now() - (failedAt.get(id) ?? 0);
        if (waitedMs < 5000) early.push(waitedMs);
        done += 1;
        return;
      }
      // Each ends a little earlier or later than a renewal.
      await new Promise((resolve) => {
        setTimeout(resolve, 900 + event * 4);
      });
      failedAt.set(id, performance.now());
      throw new Error("the first attempt fails");
    });
    for (let event = 0; event < 60; event++) await pubsub.publish(topic, event);
    await expect.poll(() => done, { timeout: 15_000 }).toBe(60);
    await worker.close();
    expect(afterSettle).toEqual([]);
    expect(early).toEqual([]);
  });
});
