import { readFile, writeFile } from "node:fs/promises";
import {
  isCaught,
  isFailure,
  killers,
  killMatrix,
  runConformance,
  saboteurs,
  type BehaviourResult,
  type Harness,
  withCapabilities,
} from "@anytopic/conformance";
import { afterAll, expect, test } from "vitest";
import { createHarness } from "./harness.ts";

/** Impatient, because what a saboteur breaks is mostly waited for in vain. */
function impatientHarness(): Harness {
  const harness = createHarness();
  return { ...harness, slack: { ...harness.slack, deliveryMs: 6000 } };
}

const SEED = 1;
const harnesses: Harness[] = [];
afterAll(async () => void (await Promise.all(harnesses.map((harness) => harness.close()))));

const opened = (): Harness => {
  const harness = impatientHarness();
  harnesses.push(harness);
  return harness;
};

/** Most of a hunt is waiting: a dozen at a time. Started here, so that each saboteur can be a test of its own. */
const hunts = new Map<string, Promise<readonly BehaviourResult[]>>();
const lanes = Array.from({ length: 12 }, () => Promise.resolve<unknown>(undefined));
for (const [index, saboteur] of saboteurs.entries()) {
  const lane = index % lanes.length;
  const hunt = (lanes[lane] ?? Promise.resolve()).then(() => killers(opened(), saboteur, SEED));
  lanes[lane] = hunt;
  hunts.set(saboteur.name, hunt);
}

for (const saboteur of saboteurs) {
  const { name, wrong } = saboteur;
  test(`${name} is caught: ${wrong}`, { timeout: 180_000 }, async () => {
    const results = (await hunts.get(name)) ?? [];
    expect(results.filter((result) => !isCaught(saboteur, result))).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });
}

test("the right adapter passes every behaviour that catches a saboteur", { timeout: 600_000 }, async () => {
  await Promise.all(hunts.values());
  const only = [...new Set(saboteurs.flatMap(({ killedBy }) => killedBy))];
  const { results } = await runConformance(opened(), { only, seed: SEED });
  expect(results.filter(isFailure)).toEqual([]);
  expect(results.length).toBe(only.length);
});

test("the right adapter passes what catches a saboteur with an inbox", async () => {
  const harness = opened();
  const adapter: Harness["adapter"] = (request) => withCapabilities(harness.adapter(request), { exactlyOnce: "inbox" });
  const withInbox = { ...harness, adapter, capabilities: adapter().capabilities };
  const { results } = await runConformance(withInbox, { only: ["exactly-once.lost-acks"], seed: SEED });
  expect(results.map(({ id, outcome }) => [id, outcome])).toEqual([["exactly-once.lost-acks", "proven"]]);
});

test("docs/kill-matrix.md shows every saboteur", async () => {
  const path = new URL("../../../docs/kill-matrix.md", import.meta.url);
  if (process.env["UPDATE_DOCS"] === "1") await writeFile(path, killMatrix());
  expect(await readFile(path, "utf8")).toBe(killMatrix());
});
