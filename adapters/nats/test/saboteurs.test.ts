import { startBroker, startBrokerOrSkip } from "@anytopic/brokers";
import { brokerSaboteurs, isCaught, killers, type BehaviourResult, type Harness } from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { createHarness } from "./harness.ts";

const SEED = 1;
/** Most of a hunt is waiting in vain. Each lane has a broker of its own, because its behaviours kill it and cut its line. */
const LANES = 6;

const open: Harness[] = [];
afterAll(async () => void (await Promise.all(open.map((harness) => harness.close()))));

const first = await startBrokerOrSkip("nats", { provider: "native" });

/** Impatient, because what a saboteur breaks is mostly waited for in vain. */
async function impatientHarness(index: number): Promise<Harness> {
  const broker = index === 0 && first !== undefined ? first : await startBroker("nats", { provider: "native" });
  const harness = await createHarness(broker);
  open.push(harness);
  return { ...harness, slack: { ...harness.slack, deliveryMs: 10_000 } };
}

const hunts = new Map<string, PromiseWithResolvers<readonly BehaviourResult[]>>(
  brokerSaboteurs.map(({ name }) => [name, Promise.withResolvers()]),
);

/** The next free lane takes the next saboteur. One behaviour at a time: they share the lane's broker and line. */
async function hunt(index: number, left: (typeof brokerSaboteurs)[number][]): Promise<void> {
  const harness = await impatientHarness(index);
  for (let saboteur = left.shift(); saboteur !== undefined; saboteur = left.shift()) {
    const results: BehaviourResult[] = [];
    for (const id of saboteur.killedBy) {
      results.push(...(await killers(harness, { ...saboteur, killedBy: [id] }, SEED)));
    }
    hunts.get(saboteur.name)?.resolve(results);
  }
}

if (first !== undefined) {
  const left = [...brokerSaboteurs];
  for (let index = 0; index < LANES; index += 1) void hunt(index, left);
}

describe.skipIf(first === undefined)("saboteurs", () => {
  for (const saboteur of brokerSaboteurs) {
    const { name, wrong, killedBy } = saboteur;
    // The right adapter passes these behaviours in conformance.test.ts.
    test(`${name} is caught: ${wrong}`, { timeout: 400_000 }, async () => {
      const results = (await hunts.get(name)?.promise) ?? [];
      expect(results.filter((result) => !isCaught(saboteur, result))).toEqual([]);
      expect(results.length).toBe(killedBy.length);
    });
  }
});
