import type { Capabilities } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";

const CHOICES = {
  ordering: ["none", "per-key"],
  orderedRetry: ["broker", "core"],
  exactlyOnce: ["native", "inbox", "none"],
  lease: ["renewable", "connection"],
  attempts: ["exact", "includes-unstarted"],
  orderedAttempts: ["broker", "worker"],
  ack: ["confirmed", "sent"],
  durability: ["process", "broker"],
  deadLetterCount: ["exact", "approximate"],
  filter: ["broker", "worker"],
  replay: ["time", "none"],
} as const satisfies Partial<{ [Key in keyof Capabilities]: readonly Capabilities[Key][] }>;

/** With the smallest sensible value: below it, no application could rely on the adapter. */
const NUMBERS = {
  deduplicationWindowMs: 0,
  maxLeaseMs: 1000,
  maxMessageBytes: 1024,
  maxAttributes: 1,
  maxAttributeKeyBytes: 16,
  maxAttributeValueBytes: 16,
  maxOrderingKeyBytes: 16,
} as const satisfies Partial<Record<keyof Capabilities, number>>;

const RANGES = {
  ackDeadline: ["minMs", "maxMs"],
  nackDelay: ["granularityMs", "maxMs"],
  publishBatch: ["maxMessages", "maxBytes", "lingerMs"],
} as const satisfies Partial<Record<keyof Capabilities, readonly string[]>>;

const STATISTICS = ["waiting", "inFlight", "delayed", "oldestAgeMs", "deadLetters"] as const;
const KNOWN = ["exact", "approximate", "unknown"];

export const manifest: Behaviour = behaviour({
  id: "capabilities.manifest",
  rows: [48],
  statements: ["C22"],
  title: "capabilities are complete, frozen, plain data, the same everywhere and unchanged by use",
  tier: "smoke",
  async run(context) {
    const adapter = context.harness.adapter();
    const declared = adapter.capabilities;
    const before = JSON.stringify(declared);
    equal(structuredClone(declared), declared, "a structured clone");
    equal(JSON.parse(before), declared, "the capabilities through JSON");
    equal(declared, context.capabilities, "the capabilities that the harness names");
    expectFrozen(declared, "capabilities");
    expectShape(declared);

    const { pubsub, topic, subscription } = await context.pair();
    const collector = await context.collect(pubsub, subscription);
    const sent = await context.publish(pubsub, topic, 2);
    await collector.completes(sent.map(({ id }) => id));
    equal(pubsub.capabilities, declared, "the capabilities of an open connection");
    equal(pubsub.adapter, adapter.name, "the adapter's name on an open connection");
    equal(adapter.name, context.harness.name, "the adapter's name in the harness");
    check(pubsub.server.length > 0, "the server to have a name");
    await pubsub.close();
    equal(
      JSON.stringify(context.harness.adapter().capabilities),
      before,
      "the capabilities of a new adapter afterwards",
    );
    equal(JSON.stringify(declared), before, "the capabilities after use");
  },
});

function expectFrozen(value: object, path: string): void {
  check(Object.isFrozen(value), `${path} to be frozen`);
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "object" && inner !== null) expectFrozen(inner as object, `${path}.${key}`);
  }
}

function expectShape(declared: Capabilities): void {
  const known = [...[CHOICES, NUMBERS, RANGES].flatMap(Object.keys), "statistics", "publishDelay"];
  equal(Object.keys(declared).toSorted(), known.toSorted(), "the names of the capabilities");
  for (const [key, choices] of Object.entries(CHOICES)) {
    const value = declared[key as keyof typeof CHOICES];
    check((choices as readonly string[]).includes(value), `${key} to be one of ${choices.join(", ")}, got ${value}`);
  }
  const { statistics } = declared;
  equal(Object.keys(statistics).toSorted(), STATISTICS.toSorted(), "the fields of statistics");
  for (const field of STATISTICS) {
    const value = statistics[field];
    check(KNOWN.includes(value), `statistics.${field} to be one of ${KNOWN.join(", ")}, got ${value}`);
  }
  expectDelay(declared);
  for (const [key, min] of Object.entries(NUMBERS)) {
    const value = declared[key as keyof typeof NUMBERS];
    check(Number.isSafeInteger(value) && value >= min, `${key} to be a whole number from ${min} up, got ${value}`);
  }
  for (const [key, fields] of Object.entries(RANGES)) {
    const range = declared[key as keyof typeof RANGES] as Readonly<Record<string, number>>;
    equal(Object.keys(range).toSorted(), [...fields].toSorted(), `the fields of ${key}`);
    for (const field of fields) {
      const value = range[field] ?? NaN;
      check(
        Number.isFinite(value) && value >= (field === "lingerMs" ? 0 : 1),
        `${key}.${field} to be a number above 0, got ${value}`,
      );
    }
    const [low, high] = fields;
    if (key !== "publishBatch")
      check((range[low] ?? 0) <= (range[high] ?? 0), `${key} to be a range, from ${low} to ${high}`);
  }
}

function expectDelay({ publishDelay }: Capabilities): void {
  if (publishDelay === "store") return;
  equal(
    Object.keys(publishDelay).toSorted(),
    ["cancel", "granularityMs", "list", "maxMs"],
    'the fields of publishDelay, which is not "store"',
  );
  const { maxMs, granularityMs, cancel, list } = publishDelay;
  check(Number.isSafeInteger(maxMs) && maxMs >= granularityMs, `publishDelay.maxMs to be a whole number, got ${maxMs}`);
  check(granularityMs >= 1, `publishDelay.granularityMs to be at least 1, got ${granularityMs}`);
  check(typeof cancel === "boolean" && typeof list === "boolean", "publishDelay.cancel and .list to be booleans");
}
