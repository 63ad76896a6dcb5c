import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import type { FilterRule } from "@anytopic/core/driver";
import { adapterModule, gcp } from "@anytopic/gcp";
import { afterAll, describe, expect, test } from "vitest";
import { filterExpression } from "../src/topology/filter-expression.ts";

const rule = (key: string, differs: Partial<FilterRule>): FilterRule => ({
  key,
  absent: false,
  values: undefined,
  not: [],
  ...differs,
});

describe("a filter in the language of Pub/Sub", () => {
  test.each<[readonly FilterRule[], string]>([
    [[rule("a", { values: ["x"] })], 'attributes.a = "x"'],
    [[rule("a", { values: ["x", { prefix: "y." }] })], '(attributes.a = "x" OR hasPrefix(attributes.a, "y."))'],
    [[rule("a", {})], "attributes:a"],
    [[rule("a", { absent: true, values: [] })], "NOT attributes:a"],
    [[rule("a", { not: ["x", "y"] })], 'attributes:a AND attributes.a != "x" AND attributes.a != "y"'],
    [[rule("a", { absent: true, not: ["x"] })], '(NOT attributes:a OR attributes.a != "x")'],
    [
      [rule("a", { absent: true, not: ["x", "y"] })],
      '(NOT attributes:a OR (attributes.a != "x" AND attributes.a != "y"))',
    ],
    [[rule("a/b", { values: ['"\\\u0000é'] })], String.raw`attributes."a/b" = "\"\\\u0000é"`],
    [[rule("a", { values: ["x"] }), rule("b", {})], 'attributes.a = "x" AND attributes:b'],
  ])("%j is %s", (rules, expression) => {
    expect(filterExpression(rules)).toEqual({ expression, inWorker: undefined });
  });

  test("is left to the worker beyond 256 bytes, and for keys that travel under another name", () => {
    const fits = rule("a", { values: ["x".repeat(256 - 'attributes.a = ""'.length)] });
    expect(filterExpression([fits]).expression).toHaveLength(256);
    expect(filterExpression([fits, rule("b", {})])).toEqual({
      expression: undefined,
      inWorker: "the filter has 273 bytes, over the service's 256 bytes",
    });
    expect(filterExpression([rule("google", {})]).inWorker).toMatch('no attribute named "google"');
  });

  test("is in the exported Terraform, when the service applies it", () => {
    const filter = [rule("region", { values: ["eu"] })];
    const topic = {
      name: "t",
      physicalName: "t",
      ordered: false,
      exactlyOnce: false,
      retentionMs: 600_000,
      replay: false,
    };
    const spec = { name: "s", physicalName: "s", topic, ackDeadlineMs: 10_000, maxRetries: 1, maxBackoffMs: 0, filter };
    const exported = (url: string): string =>
      JSON.stringify(adapterModule.exporter?.(url).terraform?.({ topics: [topic], subscriptions: [spec] }));
    expect(exported("gcp://project?filtersAtService=true")).toContain(
      String.raw`"filter":"attributes.region = \"eu\""`,
    );
    expect(exported("gcp://project")).not.toContain('"filter"');
  });
});

const broker = await startBrokerOrSkip("gcp");
const open = new Set<PubSub>();
afterAll(async () => {
  await Promise.all([...open].map((pubsub) => pubsub.close()));
  await broker?.close();
});

// The emulator stores a filter, and neither reads nor applies it.
test.skipIf(broker === undefined)(
  "a filter at the service is created, never changed, and a changed one refused",
  { timeout: 60_000 },
  async () => {
    const options = { projectId: "filter-tests", emulatorHost: broker?.url };
    const at = await connect(gcp({ ...options, filtersAtService: true }));
    const without = await connect(gcp(options));
    open.add(at).add(without);
    expect([at.capabilities.filter, without.capabilities.filter]).toEqual(["broker", "worker"]);
    const topic = defineTopic<string>("filtered");
    const eu = defineSubscription(topic, "worker", { filter: { region: "eu" } });
    const us = defineSubscription(topic, "worker", { filter: { region: "us" } });
    const all = defineSubscription(topic, "worker");
    await at.apply([eu]);
    expect(await at.plan([eu])).toEqual([]);
    expect(await at.filterPlaces(eu)).toMatchObject([{ appliedBy: "broker", reason: undefined }]);
    expect(await without.filterPlaces(eu)).toMatchObject([{ appliedBy: "worker" }]);
    const detail = 'filter is attributes.region = "eu", declared attributes.region = "us"';
    expect(await at.plan([us])).toMatchObject([{ action: "replace", detail }]);
    await expect(at.subscribe(us, () => {})).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    await expect(at.apply([all], { update: true })).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH" });

    const seen: string[] = [];
    await at.subscribe(eu, (event) => void seen.push(event));
    await at.publish(topic, "us", { attributes: { region: "us" } });
    await at.publish(topic, "eu", { attributes: { region: "eu" } });
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(["eu"]);
  },
);
