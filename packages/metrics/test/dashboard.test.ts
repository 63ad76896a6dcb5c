import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts, logTail, startProcess, until } from "@anytopic/brokers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dashboard, filledIn, type Panel, panels } from "./dashboard-file.ts";
import { PrometheusServer } from "./prometheus-server.ts";
import { prometheus } from "./promtool.ts";

describe("grafana/anytopic.json", () => {
  test("has the variables and rows that the guide names", () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(["datasource", "topic", "subscription"]);
    expect(dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
      "Now",
      "Flow",
      "Backlog",
      "Time",
      "Failures",
      "Saturation",
      "Connections",
      "Outbox",
    ]);
  });

  test.for(panels)("$title says what it shows, and asks the chosen data source", (panel) => {
    const { description, datasource, targets = [] } = panel;
    expect(description).toMatch(/\.$/);
    expect(datasource?.uid).toBe("${datasource}");
    expect([...new Set(targets.map((target) => target.datasource.uid))]).toEqual(["${datasource}"]);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });

  test("every panel has a number of its own", () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test("no two panels overlap, and none is wider than the page", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }: Panel) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});

const TRAFFIC = fileURLToPath(new URL("fixtures/traffic.ts", import.meta.url));
const CHOICES = [
  { topic: ".*", subscription: ".*", __rate_interval: "4s" },
  // What Grafana sends for several chosen values.
  { topic: "(orders|reports)", subscription: "(mail|archive)", __rate_interval: "4s" },
];

describe.skipIf(prometheus === undefined).each(["with-unit", "no-unit"])("a program seen by Prometheus, %s", (unit) => {
  const running = new AsyncDisposableStack();
  let server: PrometheusServer;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    const folder = await mkdtemp(join(tmpdir(), "anytopic-traffic-"));
    running.defer(() => rm(folder, { recursive: true, force: true }));
    const logFile = join(folder, "log");
    const traffic = await startProcess({
      command: process.execPath,
      args: [TRAFFIC, String(port), unit],
      cwd: import.meta.dirname,
      logFile,
    });
    running.defer(() => traffic.kill());
    server = running.use(await PrometheusServer.start(port));
    const scraped = async (): Promise<true | undefined> =>
      (await server.query("count_over_time(anytopic_publishing[1h]) > 5")).length > 0 ? true : undefined;
    await until(scraped, { deadlineMs: 30_000, what: "six scrapes" }).catch((error: unknown) => {
      throw new Error(logTail(logFile), { cause: error });
    });
  });
  afterAll(() => running.disposeAsync());

  const queries = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ title, refId, expr })),
  );

  test.for(queries)("$title, $refId has data", async ({ expr }) => {
    for (const choice of CHOICES) {
      const expression = filledIn(expr, choice);
      expect(expression).not.toContain("$");
      await expect
        .poll(async () =>
          (await server.query(expression)).filter(({ value: [, number] }) => Number.isFinite(Number(number))),
        )
        .not.toEqual([]);
    }
  });

  test("the variables list the topics and subscriptions", async () => {
    const listed = dashboard.templating.list.slice(1).map(({ definition = "" }) => {
      const [, selector = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      return server.labelValues(label, filledIn(selector, { topic: ".*" }));
    });
    expect(await Promise.all(listed)).toEqual([
      ["orders", "reports"],
      ["archive", "audit", "mail"],
    ]);
  });

  test("the numbers are those of the traffic", async () => {
    const one = async (expression: string): Promise<number> => Number((await server.query(expression))[0]?.value[1]);
    const names = await server.labelValues("__name__", '{job="anytopic"}');
    const published = 'messaging_client_sent_messages_total{messaging_destination_name="orders"}';
    // Every tenth is rejected; of the others, every seventh is retried, and then a letter too.
    expect(await one(`sum(anytopic_dead_letters_total{reason="rejected"}) / sum(${published})`)).toBeCloseTo(0.1, 1);
    expect(await one(`sum(anytopic_retries_total) / sum(${published})`)).toBeCloseTo(0.13, 1);
    expect(
      await one('anytopic_backlog_messages{messaging_destination_name="orders",state="delayed"} >= 0'),
    ).not.toBeNaN();
    expect(await one('anytopic_handlers_capacity{messaging_destination_name="reports"}')).toBe(1);
    expect(names.some((name) => name.includes("_seconds_bucket"))).toBe(unit === "with-unit");
  });

  test("the alert of dead letters fires, with its text, and the one of connections does not", async () => {
    const named = async (name: string) => (await server.alerts()).filter(({ labels }) => labels["alertname"] === name);
    await expect.poll(async () => (await named("AnytopicDeadLetters")).map(({ state }) => state)).toContain("firing");
    expect((await named("AnytopicDeadLetters")).map(({ annotations }) => annotations["summary"])).toContain(
      "orders/mail: messages became dead letters (rejected)",
    );
    expect(await named("AnytopicConnectionDown")).toEqual([]);
  });
});
