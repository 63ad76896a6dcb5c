import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as model from "@anytopic/dashboard/cost";
import { describe, expect, test } from "vitest";
import type { CostPackage } from "../src/cost-package.ts";
import { type Finished, runHere, temporaryFolder } from "./program.ts";

const TOPICS = join(import.meta.dirname, "fixtures/cost-topics.ts");

interface CostDocument {
  readonly prices: { readonly date: string };
  readonly cheapest: string | null;
  readonly brokers: readonly {
    readonly broker: string;
    readonly monthly: number | null;
    readonly refused: string | null;
    readonly topics: readonly { readonly topic: string; readonly monthly: number }[];
  }[];
}

async function cost(...args: readonly string[]): Promise<Finished> {
  return await runHere(["cost", "--declarations", TOPICS, ...args]);
}

async function costJson(...args: readonly string[]): Promise<CostDocument> {
  const { code, stdout, stderr } = await cost(...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as CostDocument;
}

async function fileWith(json: unknown): Promise<string> {
  const path = join(await temporaryFolder(), "given.json");
  await writeFile(path, typeof json === "string" ? json : JSON.stringify(json));
  return path;
}

const monthlyOf = ({ brokers }: CostDocument, name: string): number | null | undefined =>
  brokers.find(({ broker }) => broker === name)?.monthly;

test("what this program uses of the model is what the package has", () => {
  const used: CostPackage = model as unknown as CostPackage;
  const names: readonly (keyof CostPackage)[] = Object.keys({
    ASSUMPTIONS: 0,
    FIGURE_LIMITS: 0,
    LIST_PRICES: 0,
    MONTHLY_BROKERS: 0,
    checkedPrices: 0,
    compareCosts: 0,
    declaredTopics: 0,
    figureProblem: 0,
    measuredFigures: 0,
    messagesOfRate: 0,
    topicLoad: 0,
  } satisfies Record<keyof CostPackage, number>) as (keyof CostPackage)[];
  expect(names.filter((name) => used[name] === undefined)).toEqual([]);
});

describe("the example of the guide", () => {
  test("10 M messages for three subscriptions: 2.90 in full batches, 29.00 without", async () => {
    const args = ["orders", "--messages", "10M", "--bytes", "1024"];
    expect(monthlyOf(await costJson(...args, "--fill", "10"), "aws")).toBeCloseTo(2.9, 2);
    expect(monthlyOf(await costJson(...args, "--fill", "1"), "aws")).toBeCloseTo(29, 2);
    const { stdout } = await cost(...args, "--fill", "10");
    expect(stdout).toContain(`List prices of ${model.LIST_PRICES.date} in USD`);
    expect(stdout).toMatch(/^BROKER +MONTHLY +IDLE +RETRIES +UNBATCHED +FULL BATCHES$/m);
    expect(stdout).toMatch(/^aws +2\.90 +<0\.01 +0\.00 +29\.00 +2\.90$/m);
    expect(stdout).toMatch(/^gcp +1\.61 .* cheapest$/m);
    expect(stdout).toMatch(/^nats +- .* paid by the month: --monthly nats=SUM$/m);
    expect(stdout).toContain("aws: 29.00 USD with one message in each request, 2.90 with ten. This load: 2.90.");
    expect(stdout).toContain("Not from the provider's own page: sns-publish (second-hand)");
  });

  test("--explain shows every line with its reason, the prices, and what is taken for granted", async () => {
    const { stdout } = await cost("orders", "--messages", "10M", "--fill", "10", "--explain");
    expect(stdout).toMatch(/^orders +publish +0\.50 +10,000,000 messages ÷ 10 in a batch; a message has 1,104 bytes$/m);
    expect(stdout).toMatch(/^orders\/mail +receive +0\.40 +10,000,000 deliveries ÷ 10 in an answer$/m);
    expect(stdout).toContain("- sqs-standard: 0.4 for 1,000,000 requests (second-hand)");
    expect(stdout).toContain("Taken for granted on gcp:");
    expect(stdout).not.toContain("retry delays");
  });
});

test("a rate is one of the active hours", async () => {
  // 30 days × 10 h × 3600 s × 5 = 5.4 M.
  const rate = await costJson("orders", "--rate", "5", "--hours", "10", "--fill", "1");
  const messages = await costJson("orders", "--messages", "5.4M", "--hours", "10", "--fill", "1");
  expect(rate.brokers).toEqual(messages.brokers);
});

test("a file has the figures of single topics and subscriptions, and wins over the flags", async () => {
  const subscriptions = { mail: { retriesPerMessage: 1 }, search: { workers: 3 } };
  const load = await fileWith({ topics: { orders: { messagesPerMonth: 1_000_000, fill: 10, subscriptions } } });
  const { brokers } = await costJson("--load", load, "--messages", "0");
  const [aws] = brokers;
  const orders = aws?.topics.find(({ topic }) => topic === "orders") as unknown as {
    readonly items: readonly {
      readonly kind: string;
      readonly subscription: string | null;
      readonly quantity: number;
    }[];
  };
  const quantityOf = (kind: string, name: string): number | undefined =>
    orders.items.find((item) => item.kind === kind && item.subscription === name)?.quantity;
  expect(quantityOf("receive", "billing")).toBe(100_000);
  expect(quantityOf("receive", "mail")).toBe(200_000);
  expect(quantityOf("empty polls", "search")).toBeGreaterThan(quantityOf("empty polls", "billing") ?? 0);
  expect(aws?.topics.find(({ topic }) => topic === "audit")?.monthly).toBe(0);
});

test("what cannot be there is never the cheapest, and monthly sums compare", async () => {
  const all = await costJson("--monthly", "nats=0.1", "--monthly", "redis=1k");
  expect(all.brokers[0]).toMatchObject({ broker: "aws", refused: expect.stringContaining("audit") as string });
  expect(all.cheapest).toBe("nats");
  expect(monthlyOf(all, "redis")).toBe(1000);
  expect(monthlyOf(all, "rabbitmq")).toBeNull();
});

test("own prices replace those of the list", async () => {
  const prices = await fileWith({ date: "2027-02-01", prices: { "sns-publish": { price: 50 } } });
  const { stdout } = await cost("orders", "--messages", "10M", "--fill", "10", "--prices", prices);
  expect(stdout).toContain("List prices of 2027-02-01");
  expect(stdout).toMatch(/^aws +52\.40 /m);
  expect(stdout).toContain("sns-publish (not verified)");
});

describe("wrong input is named", () => {
  test.for([
    [["--messages", "many"], '--messages is "many": must be a number of 0 or more'],
    [["--messages", "1", "--rate", "1"], "--messages and --rate say the same: give one"],
    [["--fill", "0.5"], "--fill is 0.5: must be a number from 1 to 500"],
    [["--workers", "1.5"], "--workers is 1.5: must be a whole number from 1 to 1,000,000"],
    [["--handling", "5"], '--handling is "5": must be a number with a unit'],
    [["--monthly", "aws=5"], '--monthly is "aws=5": must be a broker and a sum, such as nats=49'],
    [["--monthly", "nats=x"], '--monthly is "x": must be a number of 0 or more'],
    [["--load", "/nowhere.json"], "--load /nowhere.json: cannot be read"],
    [["--measured", "10ms"], '--measured is "10ms": must be 1s to 24h'],
    [["--measured", "10s"], "--measured needs a broker: a broker in memory is empty"],
    [["--measured", "10s", "--rate", "1"], "--measured counts the messages: leave out --messages and --rate"],
    [["order"], 'no topic "order" is declared'],
    [["orders/mail"], 'no topic "orders/mail" is declared'],
  ] as const)("%j", async ([args, message]) => {
    const { code, stderr, stdout } = await cost(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("hint: ");
  });

  test.for([
    [{ topics: { order: {} } }, "did you mean orders?"],
    [{ topics: { orders: { messages: 5 } } }, 'topics.orders: "messages" is unknown'],
    [{ topics: { orders: { bytes: "5" } } }, 'topics.orders.bytes is "5": must be a number from 0 to 10,000,000 bytes'],
    [{ topics: { orders: { ratePerSecond: -1 } } }, "topics.orders.ratePerSecond is -1"],
    [{ topics: { orders: { subscriptions: { mails: {} } } } }, "did you mean mail?"],
    [{ topics: { orders: { subscriptions: { mail: { bytes: 5 } } } } }, 'subscriptions.mail: "bytes" is unknown'],
    [[], "must be an object, not []"],
    ["{", "is no JSON"],
  ] as const)("in the file: %j", async ([json, message]) => {
    const { code, stderr } = await cost("--load", await fileWith(json));
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
