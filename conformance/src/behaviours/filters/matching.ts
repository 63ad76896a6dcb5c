import type { Attributes, SubscriptionFilter } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { sameMembers } from "../../expect.ts";

const ODD_KEY = "odd key/%41 ☺";

/** By name. */
const MESSAGES: Readonly<Record<string, Attributes>> = {
  none: {},
  eu: { region: "eu" },
  us: { region: "us" },
  upper: { region: "EU" },
  longer: { region: "eu-1" },
  empty: { region: "" },
  composed: { region: "\u00E9" },
  decomposed: { region: "e\u0301" },
  free: { region: "eu", tier: "free" },
  paid: { region: "us", tier: "paid" },
  odd: { [ODD_KEY]: "a\u0000b" },
  proto: { ["__proto__"]: "x" },
  // More than some brokers carry as attributes of their own.
  many: { ...Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`k${n}`, "v"])), region: "eu" },
};

const CASES: readonly { readonly filter: SubscriptionFilter; readonly passing: readonly string[] }[] = [
  { filter: { region: "eu" }, passing: ["eu", "free", "many"] },
  {
    filter: { region: ["us", { prefix: "eu" }] },
    passing: ["eu", "us", "longer", "free", "paid", "many"],
  },
  { filter: { region: { exists: false } }, passing: ["none", "odd", "proto"] },
  { filter: { tier: { not: "free" } }, passing: Object.keys(MESSAGES).filter((name) => name !== "free") },
  { filter: { tier: { not: ["free", "trial"], exists: true } }, passing: ["paid"] },
  { filter: { region: "eu", tier: { exists: false } }, passing: ["eu", "many"] },
  { filter: { region: ["", "\u00E9"] }, passing: ["empty", "composed"] },
  { filter: { [ODD_KEY]: { prefix: "a\u0000" } }, passing: ["odd"] },
  { filter: { ["__proto__"]: "x" }, passing: ["proto"] },
];

export const matching: Behaviour = behaviour({
  id: "filters.matching",
  rows: [11, 16],
  statements: ["C7", "C39"],
  title:
    "each subscription handles exactly what its own filter lets pass, whatever keys and values the attributes have",
  tier: "smoke",
  async run(context) {
    const { maxAttributes, maxAttributeKeyBytes } = context.capabilities;
    const pubsub = await context.open();
    const topic = context.topic();
    const cases = CASES.map(({ filter, passing }) => ({
      filter,
      passing,
      subscription: context.subscription(topic, { filter }),
    }));
    await pubsub.apply(cases.map(({ subscription }) => subscription));
    const collectors = await Promise.all(cases.map(({ subscription }) => context.collect(pubsub, subscription)));

    const names = new Map<string, string>();
    for (const [name, attributes] of Object.entries(MESSAGES)) {
      const keys = Object.keys(attributes);
      const fits = keys.length <= maxAttributes && keys.every((key) => Buffer.byteLength(key) <= maxAttributeKeyBytes);
      if (fits) names.set((await context.publishItem(pubsub, topic, context.item(), { attributes })).id, name);
    }

    const expected = (passing: readonly string[]): string[] =>
      [...names].flatMap(([id, name]) => (passing.includes(name) ? [id] : []));
    for (const [index, { passing }] of cases.entries()) await collectors[index]?.completes(expected(passing));
    await context.quiet();
    for (const [index, { filter, passing }] of cases.entries()) {
      const handled = collectors[index]?.ids ?? [];
      sameMembers(
        handled.map((id) => names.get(id) ?? id),
        passing.filter((name) => [...names.values()].includes(name)),
        `what the filter ${JSON.stringify(filter)} lets pass`,
      );
    }
  },
});
