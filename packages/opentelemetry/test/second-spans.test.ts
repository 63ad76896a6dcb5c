import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startTestBroker, type TestBroker } from "./brokers.ts";

/** Runs the child and returns how many spans each instrumentation has made, by their first word. */
async function spansOf(url: string, options: object, quietClients: boolean): Promise<Record<string, number>> {
  const file = (name: string): string => new URL(`./children/${name}`, import.meta.url).pathname;
  const child = await promisify(execFile)(
    process.execPath,
    ["--import", file("register.ts"), file("publish-and-handle.ts"), url, JSON.stringify(options), `${quietClients}`],
    { timeout: 60_000 },
  );
  return JSON.parse(child.stdout) as Record<string, number>;
}

/** Two publishes, one retry, and a request of each successful handler. */
const OURS = { "opentelemetry publish": 2, "opentelemetry process": 3, "instrumentation-undici GET": 2 };

describe("with amqplib's instrumentation", () => {
  let broker: TestBroker | undefined;
  beforeAll(async () => {
    broker = await startTestBroker("rabbitmq");
  });
  afterAll(() => broker?.close());

  test("publishes have one span; only its spans of receiving stay, which nothing but its own option can end", async (context) => {
    if (broker === undefined) return context.skip();
    const counts = await spansOf(broker.url, {}, true);
    const others = Object.entries(counts).filter(([name]) => !(name in OURS));
    expect(counts).toMatchObject(OURS);
    expect(others).toEqual([[expect.stringMatching(/^instrumentation-amqplib t.*\.workers$/), 3]]);
  });

  test("without quiet clients there are second spans", async (context) => {
    if (broker === undefined) return context.skip();
    expect(await spansOf(broker.url, {}, false)).toHaveProperty("instrumentation-amqplib publish");
  });
});

describe("with the AWS SDK's instrumentation", () => {
  let broker: TestBroker | undefined;
  beforeAll(async () => {
    broker = await startTestBroker("aws");
  });
  afterAll(() => broker?.close());
  const url = "aws://eu-west-1";

  test("there are no second spans", async (context) => {
    if (broker === undefined) return context.skip();
    expect(await spansOf(url, { endpoint: broker.url }, true)).toEqual(OURS);
  });

  test("without quiet clients there are", async (context) => {
    if (broker === undefined) return context.skip();
    const names = Object.keys(await spansOf(url, { endpoint: broker.url }, false));
    expect(names.some((name) => name.startsWith("instrumentation-aws-sdk"))).toBe(true);
  });
});
