import { expect, test, vi } from "vitest";
import { behaviour } from "../src/behaviour.ts";
import type { Harness, Quirk } from "../src/harness.ts";
import { junit } from "../src/junit.ts";
import { matrixEntries, matrixMarkdown } from "../src/matrix.ts";
import { registerConformance } from "../src/register-conformance.ts";
import { isFailure, summary, type ConformanceRun } from "../src/result.ts";
import { runBehaviour } from "../src/run-behaviour.ts";
import { runConformance } from "../src/run-conformance.ts";
import { selectBehaviours } from "../src/select-behaviours.ts";
import { adapter } from "./fixtures/toy-adapter.ts";

const harness = (changes: Partial<Harness> = {}): Harness => ({
  name: "toy",
  implementation: "toy",
  version: "1.0",
  capabilities: adapter().capabilities,
  slack: { retryUpperMs: 100, quietMs: 50 },
  quirks: [],
  survivesRestart: false,
  adapter: () => adapter(),
  close: () => Promise.resolve(),
  ...changes,
});

const quirk = (test: string, more: Partial<Quirk> = {}): Quirk => ({
  test,
  reason: "it cannot",
  link: "https://example.com",
  kind: "emulator",
  ...more,
});

const sample = (run: () => Promise<void>, more: Partial<Parameters<typeof behaviour>[0]> = {}) =>
  behaviour({ id: "test.sample", rows: [1], statements: ["C1"], title: "a sample", tier: "smoke", run, ...more });

const right = sample(() => Promise.resolve());
const wrong = sample(() => Promise.reject(new Error("as it should")));
const seed = 1;

test("a behaviour that passes is proven, one that does not has failed, with its seed", async () => {
  expect(await runBehaviour(right, harness(), { seed })).toMatchObject({ outcome: "proven" });
  const failed = await runBehaviour(wrong, harness(), { seed: 42 });
  expect(failed).toMatchObject({ outcome: "failed", detail: expect.stringContaining("as it should") as unknown });
  expect(failed.detail).toContain("seed 42");
});

test("a behaviour that does not end is given up", async () => {
  const endless = sample(() => new Promise(() => undefined), { timeoutMs: 50 });
  expect(await runBehaviour(endless, harness(), { seed })).toMatchObject({
    outcome: "failed",
    detail: expect.stringContaining("to end within 50 ms") as unknown,
  });
});

test("a quirk's behaviour must fail: one that passes turns the run red", async () => {
  const quirky = harness({ quirks: [quirk("test.sample")] });
  expect((await runBehaviour(wrong, quirky, { seed })).outcome).toBe("quirk");
  const stale = await runBehaviour(right, quirky, { seed });
  expect(stale.outcome).toBe("stale-quirk");
  expect(isFailure(stale)).toBe(true);
});

test("a hanging quirk is not run", async () => {
  let ran = false;
  const watched = sample(async () => void (ran = true));
  const result = await runBehaviour(watched, harness({ quirks: [quirk("test.sample", { hangs: true })] }), { seed });
  expect([result.outcome, ran]).toEqual(["quirk", false]);
});

test("unknown and repeated quirks are errors", async () => {
  const unknown = harness({ quirks: [quirk("publish.rundtrip")] });
  await expect(runConformance(unknown)).rejects.toThrow('a quirk names "publish.rundtrip", which is no behaviour');
  expect(() => registerConformance(() => undefined, unknown)).toThrow(TypeError);
  const twice = harness({ quirks: [quirk("publish.batch"), quirk("publish.batch")] });
  await expect(runConformance(twice)).rejects.toThrow("two quirks name");
});

test("a missing facility fails, unless the harness says why it is missing", async () => {
  const needy = sample(() => Promise.resolve(), { needs: ["proxy"] });
  expect(await runBehaviour(needy, harness(), { seed })).toMatchObject({
    outcome: "failed",
    detail: expect.stringContaining("lacks.proxy") as unknown,
  });
  expect(await runBehaviour(needy, harness({ lacks: { proxy: "no TCP" } }), { seed })).toMatchObject({
    outcome: "unproven",
    detail: "needs harness.proxy: no TCP",
  });
});

test("restarts need a broker that keeps its state", async () => {
  const needy = sample(() => Promise.resolve(), { needs: ["restart"] });
  const broker = { kill: () => Promise.resolve(), start: () => Promise.resolve() };
  expect((await runBehaviour(needy, harness({ broker }), { seed })).outcome).toBe("unproven");
  expect((await runBehaviour(needy, harness({ broker, survivesRestart: true }), { seed })).outcome).toBe("proven");
});

test("full contains smoke, faults stand alone", () => {
  const ids = (tier: Parameters<typeof selectBehaviours>[0]["tier"] & string): readonly string[] =>
    selectBehaviours({ tier }).map(({ id }) => id);
  expect(ids("full")).toEqual(expect.arrayContaining([...ids("smoke")]));
  expect(ids("faults").some((id) => ids("full").includes(id))).toBe(false);
  expect(ids("all")).toHaveLength(ids("full").length + ids("faults").length);
});

test("registerConformance makes one test for each behaviour, and skips with the reason", async () => {
  vi.stubEnv("ANYTOPIC_CONFORMANCE_RUNS", "");
  const registered: { readonly name: string; readonly skip: boolean; readonly run: () => Promise<void> }[] = [];
  const found = registerConformance(
    (name, { skip }, run) => registered.push({ name, skip, run }),
    harness({ quirks: [quirk("topology.verify")] }),
    { only: ["publish.schema", "ordering.per-key", "topology.verify", "publish.missing-topic"] },
  );
  expect(registered.filter(({ skip }) => skip).map(({ name }) => name)).toEqual([
    expect.stringMatching(/ordering\.per-key.*\[ordering "none": refused/),
  ]);
  const ended = registered.filter(({ skip }) => !skip).map(({ run }) => run());
  const failures = (await Promise.allSettled(ended)).filter(({ status }) => status === "rejected");
  expect(failures).toEqual([
    expect.objectContaining({ reason: expect.objectContaining({ name: "Violation" }) as unknown }),
  ]);
  expect(summary(found().results)).toBe("1/3 proven, 1 quirk, 1 failed");
});

const results: ConformanceRun = {
  adapter: "a<b>",
  implementation: "impl",
  version: "1",
  date: "2026-01-02T03:04:05.000Z",
  seed: 9,
  results: [
    { id: "publish.batch", outcome: "proven", durationMs: 1500 },
    { id: "publish.schema", outcome: "failed", durationMs: 10, detail: 'expected "a" & <b>\u0000\nseed 9' },
    { id: "topology.verify", outcome: "quirk", durationMs: 10, quirk: quirk("topology.verify") },
    { id: "ordering.per-key", outcome: "not-applicable", durationMs: 0, detail: "no keys" },
  ],
};

test("the JUnit report is well-formed and complete", () => {
  const xml = junit(results);
  expect(xml).toContain(
    '<testsuites name="anytopic conformance" tests="4" failures="1" errors="0" skipped="2" time="1.520">',
  );
  expect(xml).toContain('<failure message="expected &quot;a&quot; &amp; &lt;b&gt;\uFFFD">');
  expect(xml).toContain("it cannot (https://example.com)");
  expect(xml).toContain("a&lt;b&gt; on impl 1");
});

test("the matrix shows every behaviour, with reasons and links", () => {
  const markdown = matrixMarkdown([results]);
  expect(markdown).toContain("1/3 proven, 1 quirk, 1 failed");
  expect(markdown).toContain("impl: it cannot ([source](https://example.com); emulator quirk)");
  const entries = matrixEntries([results]);
  expect(entries).toHaveLength(selectBehaviours({ tier: "all" }).length);
  expect(entries.find(({ behaviour: id }) => id === "topology.verify")).toMatchObject({
    result: "quirk",
    reason: "it cannot",
    link: "https://example.com",
  });
  expect(entries.find(({ behaviour: id }) => id === "publish.window")).toMatchObject({ result: "not-run" });
});
