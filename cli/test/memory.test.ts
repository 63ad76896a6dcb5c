import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runHere, TOPICS } from "./program.ts";

const MEMORY = ["--url", "memory:", "--declarations", TOPICS];

test.for<readonly [command: readonly string[], code: number, says: RegExp]>([
  [["doctor"], 0, /reachable in \d+ ms/],
  [["topics"], 0, /signups.*\n +send-mail/],
  [["topics"], 0, /bill .* 5 in 1000 ms +failures 7, openMs 10000, maxOpenMs 300000, probes 1\n/],
  [["doctor"], 0, /orders\/bill: rate 5 in 1000 ms\n +orders\/bill: circuit failures 7,/],
  [["plan"], 1, /signups\/send-mail +missing/],
  [["apply"], 0, /created: /],
  [["destroy", "--yes"], 0, /Nothing to delete/],
  [["publish", "signups", '{"accountId":"a1"}', "--id", "s-1"], 0, /^s-1\n$/],
  [["publish", "signups", '{"accountId":"a1"}', "--id", "s-2", "--expires-in", "5m"], 0, /^s-2\n$/],
  [["publish", "signups", '{"accountId":"a1"}', "--id", "s-3", "--expires-at", "2026-12-01T09:00+01:00"], 0, /^s-3\n$/],
  [["dlq", "list"], 0, /signups\/send-mail +0/],
  [["dlq", "list", "signups/send-mail"], 0, /0 dead letters/],
  [["dlq", "peek", "signups/send-mail"], 0, /^$/],
  [["dlq", "redrive", "signups/send-mail"], 0, /^0 letters back/],
  [["dlq", "purge", "signups/send-mail", "--yes"], 0, /^0 letters of/],
  [["completion", "bash"], 0, /complete -o default/],
])("%s on a broker in the memory of the command", async ([command, code, says]) => {
  const found = await runHere([...command, ...(command[0] === "completion" ? [] : MEMORY)]);
  expect(found).toMatchObject({ code, stdout: expect.stringMatching(says) });
});

test("tail in memory says that there is nothing to follow", async () => {
  const { code, stderr } = await runHere(["tail", "signups", ...MEMORY]);
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("topic signups does not exist") });
});

test("filters are shown, and where they are applied", async () => {
  const filters = join(import.meta.dirname, "fixtures/filters.ts");
  const at = ["--url", "memory:", "--declarations", filters];
  const filter = '{"region":["eu",{"prefix":"eu-"}]}';
  expect((await runHere(["topics", ...at])).stdout.split("\n").find((line) => line.includes(" european "))).toContain(
    filter,
  );
  const place = `orders/european  ${filter}  in the worker: the memory adapter leaves filters to the worker`;
  expect((await runHere(["doctor", ...at])).stdout).toContain(place);
  const { filters: found } = JSON.parse((await runHere(["doctor", "--json", ...at])).stdout) as { filters: object[] };
  expect(found).toMatchObject([{ subscription: "orders/european", connection: "default", appliedBy: "worker" }]);
});

test("what a topic and a subscription have beyond the defaults is shown, as the configuration sets it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const config = join(folder, "anytopic.config.json");
  const bill = { batch: { maxMessages: 50 }, onExpired: "dead-letter", rate: { max: 1, perMs: 10 } };
  const fixtures = ["topics.ts", "replayed.ts", "scheduled-topics.ts"];
  await writeFile(
    config,
    JSON.stringify({
      connections: { main: { url: "memory:" } },
      topics: { orders: { subscriptions: { bill } } },
      declarations: fixtures.map((file) => join(import.meta.dirname, "fixtures", file)),
    }),
  );
  const { stdout } = await runHere(["doctor", "--config", config]);
  expect(stdout).toContain(
    `Declarations
  6 topics, 5 subscriptions
  prices: replay, keeps handled messages
  a schedule store is exported, for delayed publishes
  orders/bill: rate 1 in 10 ms
  orders/bill: circuit failures 7, openMs 10000, maxOpenMs 300000, probes 1
  orders/bill: batch maxMessages 50
  orders/bill: onExpired dead-letter
`,
  );
  expect(stdout).toMatch(/\n +publishDelay\.\w+ +.*\n/);
  expect(stdout).toMatch(/\n +replay +time\n/);
  const { declarations } = JSON.parse((await runHere(["doctor", "--json", "--config", config])).stdout) as {
    readonly declarations: object;
  };
  expect(declarations).toMatchObject({
    replayed: ["prices"],
    scheduleStore: true,
    inForce: [{ subscription: "orders/bill", ...bill, circuit: { failures: 7 } }],
  });

  const topics = await runHere(["topics", "--config", config]);
  expect(topics.stdout).toMatch(/prices .* replay\n/);
  // What is declared, and not what the configuration says instead.
  expect(topics.stdout).toMatch(/bill .* drop +5 in 1000 ms/);
});
