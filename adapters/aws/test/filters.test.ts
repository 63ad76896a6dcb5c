import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic, type PubSub, type SubscriptionFilter } from "@anytopic/core";
import type { FilterRule } from "@anytopic/core/driver";
import { GetSubscriptionAttributesCommand, ListSubscriptionsByTopicCommand, PublishCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filterPolicy } from "../src/topology/filter-policy.ts";
import { createTestClients, type TestClients } from "./clients.ts";

const rule = (key: string, differs: Partial<FilterRule>): FilterRule => ({
  key,
  absent: false,
  values: undefined,
  not: [],
  ...differs,
});
const UNJUDGED = { anytopic: [{ exists: false }, { prefix: '{"attributes":' }] };
const eu = rule("region", { values: ["eu"] });

describe("a filter policy", () => {
  test.each<[string, readonly FilterRule[], object]>([
    ["texts", [rule("a", { values: ["x", "y"] })], { a: ["x", "y"] }],
    ["a prefix", [rule("a", { values: ["x", { prefix: "y" }] })], { a: ["x", { prefix: "y" }] }],
    ["presence", [rule("a", {})], { a: [{ exists: true }] }],
    ["absence", [eu, rule("a", { absent: true, values: [] })], { region: ["eu"], a: [{ exists: false }] }],
    ["not", [rule("a", { not: ["x"] })], { a: [{ "anything-but": ["x"] }] }],
    [
      "not, or absent",
      [eu, rule("a", { absent: true, not: ["x"] })],
      { region: ["eu"], a: [{ "anything-but": ["x"] }, { exists: false }] },
    ],
    ["values that are packed anyway", [rule("a", { values: ["x", "", "\u0000"] })], { a: ["x"] }],
    ["not what is packed anyway", [rule("a", { not: [""] })], { a: [{ exists: true }] }],
  ])("says %s, and lets through what SNS cannot judge", (_what, rules, applied) => {
    const { policy, inWorker } = filterPolicy(rules);
    expect(JSON.parse(policy ?? "null")).toEqual({ $or: [applied, UNJUDGED] });
    expect(inWorker).toBeUndefined();
  });

  test.each<[string, readonly FilterRule[], RegExp]>([
    [
      "is none when a message without attributes passes",
      [rule("a", { absent: true, not: ["x"] })],
      /without attributes/,
    ],
    ["is none for a key that is always packed", [rule("a b", { values: ["x"] })], /about "a b"/],
    ["is none for a key that is a keyword of policies", [rule("prefix", { values: ["x"] })], /about "prefix"/],
    ["is none for values that are always packed", [rule("a", { values: [""] })], /about "a"/],
    ["is none for more combinations than SNS allows", [rule("a", { values: letters(76) })], /about "a"/],
  ])("%s", (_what, rules, inWorker) => {
    expect(filterPolicy(rules)).toEqual({ policy: undefined, inWorker: expect.stringMatching(inWorker) as string });
  });

  test("has at most five keys with ours, and 150 combinations with ours", () => {
    const five = filterPolicy(["a", "b", "c", "d", "e"].map((key) => rule(key, { values: ["x"] })));
    expect(JSON.parse(five.policy ?? "null")).toMatchObject({
      $or: [{ a: ["x"], b: ["x"], c: ["x"], d: ["x"] }, UNJUDGED],
    });
    expect(five.inWorker).toMatch('about "e"');
    const many = filterPolicy([rule("a", { values: letters(30) }), rule("b", { values: letters(3) })]);
    expect(Object.keys((JSON.parse(many.policy ?? "null") as { $or: object[] }).$or[0] ?? {})).toEqual(["b"]);
  });
});

function letters(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `v${n}`);
}

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("at SNS", () => {
  const { url } = broker as Broker;
  let clients: TestClients;
  let pubsub: PubSub;
  beforeAll(async () => {
    clients = createTestClients(url);
    pubsub = await connect(aws({ region: "eu-west-1", endpoint: url }));
  });
  afterAll(async () => {
    await pubsub.close();
    clients.sns.destroy();
    clients.sqs.destroy();
  });

  const declare = (filter?: SubscriptionFilter) => {
    const topic = defineTopic<string>(`orders-${crypto.randomUUID().slice(0, 8)}`);
    return { topic, subscription: defineSubscription(topic, "mail", { filter }) };
  };
  const topicArnOf = (name: string): string => `arn:aws:sns:eu-west-1:000000000000:${name}`;

  async function policyOf(name: string): Promise<string | undefined> {
    const list = new ListSubscriptionsByTopicCommand({ TopicArn: topicArnOf(name) });
    const [link] = (await clients.sns.send(list)).Subscriptions ?? [];
    const read = new GetSubscriptionAttributesCommand({ SubscriptionArn: link?.SubscriptionArn });
    return (await clients.sns.send(read)).Attributes?.["FilterPolicy"];
  }

  test("a policy is set, narrowed with an update only, and widened without one", async () => {
    const { topic, subscription } = declare({ region: "eu" });
    const changed = defineSubscription(topic, "mail", { filter: { region: ["eu", "us"] } });
    const without = defineSubscription(topic, "mail");
    await pubsub.apply([subscription]);
    const first = await policyOf(topic.name);
    expect(JSON.parse(first ?? "null")).toMatchObject({ $or: [{ region: ["eu"] }, UNJUDGED] });
    expect(await pubsub.plan([subscription])).toEqual([]);

    const [planned] = await pubsub.plan([changed]);
    expect(planned).toMatchObject({
      action: "update",
      detail: expect.stringMatching(/FilterPolicy is .*15 minutes/) as string,
    });
    expect(await pubsub.apply([changed])).toEqual([planned]);
    expect(await pubsub.plan([changed])).toEqual([]);

    expect(await pubsub.apply([without])).toHaveLength(1);
    expect(await pubsub.plan([without])).toEqual([]);
    expect(await pubsub.apply([subscription])).toEqual([]);
    expect(await pubsub.plan([subscription])).toHaveLength(1);
    expect(await pubsub.apply([subscription], { update: true })).toHaveLength(1);
    expect(await policyOf(topic.name)).toBe(first);
  });

  test("whatever SNS cannot judge comes through, and the worker decides", async () => {
    const { topic, subscription } = declare({ region: "eu", "odd key": { not: "x" } });
    await pubsub.apply([subscription]);
    const seen: string[] = [];
    await pubsub.subscribe(subscription, (event) => void seen.push(event));
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`k${n}`, "v"]));
    await pubsub.publish(topic, "packed", { attributes: { ...many, region: "eu" } });
    await pubsub.publish(topic, "odd", { attributes: { region: "eu", "odd key": "x" } });
    await pubsub.publish(topic, "us", { attributes: { region: "us" } });
    const foreign = async (Message: string, DataType: string, StringValue: string): Promise<unknown> => {
      const MessageAttributes = { region: { DataType, StringValue } };
      const TopicArn = topicArnOf(topic.name);
      return await clients.sns.send(
        new PublishCommand({ TopicArn, Message: JSON.stringify(Message), MessageAttributes }),
      );
    };
    await foreign("foreign", "String", "eu");
    await foreign("foreign-us", "String", "us");
    await pubsub.publish(topic, "last", { attributes: { region: "eu" } });
    await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(["foreign", "last", "packed"]);
  });
});
