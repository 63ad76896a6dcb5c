import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  behaviours,
  chaosRecords,
  chaosTable,
  loadChaosRuns,
  type ChaosSchedule,
  type ConformanceRun,
} from "@anytopic/conformance";

const command = join(import.meta.dirname, "../src/cli.ts");
const toy = join(import.meta.dirname, "fixtures/toy-adapter.ts");
let folder = "";

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "anytopic-conformance-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const conformance = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });

test("a wrong adapter fails with exit code 1, a table and two reports", { timeout: 60_000 }, async () => {
  const [xml, json] = [join(folder, "report.xml"), join(folder, "run.json")];
  const only = ["publish.missing-topic", "publish.schema", "ordering.per-key", "topology.verify"];

  const { code, stdout } = await conformance(
    "--adapter",
    toy,
    ...only.flatMap((id) => ["--only", id]),
    "--seed",
    "7",
    "--junit",
    xml,
    "--json",
    json,
  );

  expect(code).toBe(1);
  expect(stdout).toContain("toy on toy 1.0");
  expect(stdout).toMatch(/^proven +publish\.schema /m);
  expect(stdout).toMatch(/^failed +topology\.verify .*expected the plan to name the missing subscription$/m);
  expect(stdout).toMatch(/^not-applicable +ordering\.per-key .*ordering "none"/m);
  expect(stdout).toMatch(/^toy: 1\/3 proven, 0 quirks, 2 failed$/m);
  const run = JSON.parse(await readFile(json, "utf8")) as ConformanceRun;
  expect(run).toMatchObject({ adapter: "toy", implementation: "toy", version: "1.0", seed: 7 });
  expect(Object.fromEntries(run.results.map(({ id, outcome }) => [id, outcome]))).toEqual({
    "ordering.per-key": "not-applicable",
    "publish.missing-topic": "failed",
    "publish.schema": "proven",
    "topology.verify": "failed",
  });
  const report = await readFile(xml, "utf8");
  expect(report).toContain('tests="4" failures="2" errors="0" skipped="1"');
});

test("an adapter that forgets failed messages is caught", { timeout: 60_000 }, async () => {
  const { code, stdout } = await conformance("--adapter", toy, "--only", "delivery.retry");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^failed +delivery\.retry .*to complete 10 messages; 5 are missing/m);
});

test("an adapter that keeps the process alive is caught", { timeout: 60_000 }, async () => {
  const adapter = join(import.meta.dirname, "fixtures/toy-that-stays.ts");
  const { code, stdout } = await conformance("--adapter", adapter, "--only", "publish.schema");
  expect(stdout).toMatch(/^proven +publish\.schema /m);
  expect(stdout).toMatch(/^still alive 10 s after the end, because something was not closed: .*\d Timeout/m);
  expect(code).toBe(1);
});

test("--list prints every behaviour", async () => {
  const { code, stdout } = await conformance("--list");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(behaviours.length);
});

test.each([
  [[], "--adapter is missing"],
  [["--adapter", toy, "--tier", "quick"], '--tier is "quick": must be one of smoke, full, faults, all, chaos, soak'],
  [["--adapter", toy, "--seed", "x"], '--seed is "x": must be a whole number'],
  [["--adapter", toy, "--only", "ordring"], 'no behaviour or group is named "ordring"'],
  [["--adapter", "no-such-file.js"], "no-such-file.js"],
  [["--adaptor", toy], "Unknown option '--adaptor'"],
  [
    ["--adapter", toy, "--tier", "chaos", "--saboteur", "nobody"],
    '--saboteur is "nobody": must be one of lying-publisher',
  ],
  [
    ["--adapter", toy, "--tier", "chaos", "--schedule", "no-such-file.json"],
    "no-such-file.json cannot be read as JSON",
  ],
  [["--adapter", toy, "--tier", "chaos", "--schedules", "many"], '--schedules is "many": must be a whole number'],
])("%j is refused with exit code 2", async (args, message) => {
  const { code, stderr } = await conformance(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).not.toContain("    at ");
});

test("a module without a harness or adapter is refused, saying what it should export", async () => {
  const file = join(folder, "nothing.mjs");
  await writeFile(file, "export const other = 1;\n");
  const { code, stderr } = await conformance("--adapter", file);
  expect([code, stderr]).toEqual([2, expect.stringContaining('exports neither "harness" nor "adapter"')]);
});

test(
  "--tier chaos runs a saved schedule, says what came out, and saves it for the table",
  { timeout: 60_000 },
  async () => {
    const [file, runs] = [join(folder, "schedule.json"), join(folder, "chaos-runs")];
    const work = { failPercent: 0, rejectPercent: 0, retryAfterPercent: 0, slowPercent: 0, stubbornPercent: 0 };
    const schedule: ChaosSchedule = {
      version: 1,
      seed: 9,
      durationMs: 800,
      ackDeadlineMs: 1000,
      retryMs: 100,
      maxRetries: 3,
      recoveryMs: 5000,
      topics: [{ name: "plain", ordered: false, exactlyOnce: false }],
      processes: [
        { name: "p1", proxied: false, publishes: [{ topic: "plain", batch: 3, pauseMs: 50, keys: 2 }], works: [] },
        {
          name: "w1",
          proxied: false,
          publishes: [],
          works: [{ topic: "plain", maxConcurrency: 2, handleMs: [0, 5], ...work }],
        },
      ],
      steps: [{ kind: "set-clock", atMs: 100, forMs: 200, process: "w1", amount: -60_000 }],
    };
    await writeFile(file, JSON.stringify(schedule));

    const { code, stdout } = await conformance(
      "--adapter",
      toy,
      "--tier",
      "chaos",
      "--schedule",
      file,
      "--schedules",
      "2",
      "--save",
      runs,
    );

    expect(stdout.match(/^seed 9 .*: 1 steps, \d+ accepted, .*, nothing violated$/gm)).toHaveLength(2);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^toy: 2 of 2 schedules violated nothing$/m)]);
    const table = chaosTable((await loadChaosRuns(runs)).flatMap(chaosRecords));
    expect(table).toMatch(/^\| schedules +\| 2 +\|$/m);
    expect(table).toMatch(/^\| `set-clock` +\| 2 +\|$/m);
  },
);
