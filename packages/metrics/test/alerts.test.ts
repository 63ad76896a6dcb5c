import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promtool, RULES, runPromtool } from "./promtool.ts";

const SUBSCRIPTION = 'messaging_destination_name="orders",messaging_destination_subscription_name="mail"';
const TOPIC = 'messaging_destination_name="orders"';
const POD = 'instance="pod-1"';

/** One value a minute, from minute 0: `10x20` is 10 for 20 minutes, `0+5x20` grows by 5 a minute, `_x20` is no sample. */
interface Story {
  readonly alert: string;
  readonly title: string;
  readonly series: Readonly<Record<string, string>>;
  readonly atMinute: number;
  /** The labels of what fires, beside those that the rule adds; `undefined` when nothing does. */
  readonly fires: string | undefined;
}

const waiting = `anytopic_backlog_messages{${SUBSCRIPTION},${POD},state="waiting"}`;
const paused = (instance: string): string => `anytopic_subscription_paused{${SUBSCRIPTION},${instance}}`;
const acks = (unit: string): string => `messaging_process_duration${unit}_count{${SUBSCRIPTION},${POD}}`;
const age = (unit: string): string => `anytopic_backlog_oldest_age${unit}{${SUBSCRIPTION},${POD}}`;

/** A counter of which every step must be seen, also the one before the first scrape of a process. */
function everyStep(alert: string, name: string, more: string): Story[] {
  const labels = more === "" ? SUBSCRIPTION : `${SUBSCRIPTION},${more}`;
  const series = `${name}{${labels},${POD}}`;
  return [
    { alert, title: "one step", series: { [series]: "0x20 1x20" }, atMinute: 22, fires: labels },
    { alert, title: "a new process that begins at 1", series: { [series]: "_x20 1x20" }, atMinute: 21, fires: labels },
    { alert, title: "long after the step", series: { [series]: "0x20 1x40" }, atMinute: 50, fires: undefined },
    { alert, title: "0", series: { [series]: "0x40" }, atMinute: 22, fires: undefined },
    { alert, title: "a restart sets it back to 0", series: { [series]: "7x20 0x20" }, atMinute: 25, fires: undefined },
  ];
}

function stuck(unit: string): Story[] {
  const alert = "AnytopicSubscriptionStuck";
  return [
    {
      alert,
      title: `an old message and no acks${unit}`,
      series: { [age(unit)]: "0+60x40", [acks(unit)]: "9x40" },
      atMinute: 25,
      fires: SUBSCRIPTION,
    },
    {
      alert,
      title: `an old message, and others are acknowledged${unit}`,
      series: { [age(unit)]: "0+60x40", [acks(unit)]: "0+1x40" },
      atMinute: 25,
      fires: undefined,
    },
    {
      alert,
      title: `only failures are counted${unit}`,
      series: { [age(unit)]: "0+60x40", [acks(unit).replace("}", ',error_type="Error"}')]: "0+1x40" },
      atMinute: 25,
      fires: SUBSCRIPTION,
    },
    {
      alert,
      title: `messages wait where the broker tells no age${unit}`,
      series: { [waiting]: "3x40", [acks(unit)]: "9x40" },
      atMinute: 25,
      fires: SUBSCRIPTION,
    },
    {
      alert,
      title: `nothing waits${unit}`,
      series: { [waiting]: "0x40", [acks(unit)]: "9x40" },
      atMinute: 25,
      fires: undefined,
    },
    {
      alert,
      title: `it is paused everywhere${unit}`,
      series: { [waiting]: "3x40", [acks(unit)]: "9x40", [paused(POD)]: "1x40", [paused('instance="other"')]: "1x40" },
      atMinute: 25,
      fires: undefined,
    },
    {
      alert,
      title: `it is paused in one process${unit}`,
      series: { [waiting]: "3x40", [acks(unit)]: "9x40", [paused(POD)]: "1x40", [paused('instance="other"')]: "0x40" },
      atMinute: 25,
      fires: SUBSCRIPTION,
    },
    {
      alert,
      title: `the broker tells nothing${unit}`,
      series: { [acks(unit)]: "9x40" },
      atMinute: 25,
      fires: undefined,
    },
  ];
}

const running = `anytopic_handlers_running{${SUBSCRIPTION},${POD}}`;
const capacity = `anytopic_handlers_capacity{${SUBSCRIPTION},${POD}}`;
const growing = (title: string, series: Readonly<Record<string, string>>, fires: boolean): Story => ({
  alert: "AnytopicBacklogGrowing",
  title,
  series: { [capacity]: "10x60", ...series },
  atMinute: 45,
  fires: fires ? SUBSCRIPTION : undefined,
});

const gauge = (alert: string, name: string, labels: string): Story[] => [
  { alert, title: "0 for 7 minutes", series: { [`${name}{${labels}}`]: "1x10 0x20" }, atMinute: 17, fires: labels },
  { alert, title: "0 for 3 minutes", series: { [`${name}{${labels}}`]: "1x10 0x20" }, atMinute: 13, fires: undefined },
  { alert, title: "1", series: { [`${name}{${labels}}`]: "1x40" }, atMinute: 30, fires: undefined },
];

const circuit = (title: string, values: string, other: string, fires: boolean): Story => ({
  alert: "AnytopicCircuitOpen",
  title,
  series: {
    [`anytopic_circuit_open{${SUBSCRIPTION},${POD}}`]: values,
    [`anytopic_circuit_open{${SUBSCRIPTION},instance="other"}`]: other,
  },
  atMinute: 30,
  fires: fires ? SUBSCRIPTION : undefined,
});

const reconnects = (title: string, values: string, fires: boolean): Story => ({
  alert: "AnytopicReconnects",
  title,
  series: { [`anytopic_connection_reconnects_total{connection="default",${POD}}`]: values },
  atMinute: 30,
  fires: fires ? `connection="default",${POD}` : undefined,
});

const retries = (title: string, retried: string, consumed: string, fires: boolean): Story => ({
  alert: "AnytopicRetryStorm",
  title,
  series: {
    [`anytopic_retries_total{${SUBSCRIPTION},${POD}}`]: retried,
    [`messaging_client_consumed_messages_total{${SUBSCRIPTION},${POD}}`]: consumed,
  },
  atMinute: 40,
  fires: fires ? SUBSCRIPTION : undefined,
});

const publishes = (title: string, failed: string, accepted: string, fires: boolean): Story => ({
  alert: "AnytopicPublishErrors",
  title,
  series: {
    [`messaging_client_sent_messages_total{${TOPIC},${POD}}`]: accepted,
    [`messaging_client_sent_messages_total{${TOPIC},${POD},error_type="TIMEOUT"}`]: failed,
  },
  atMinute: 30,
  fires: fires ? TOPIC : undefined,
});

const OUTBOX = 'messaging_destination_name="orders",outbox="shop"';
const outboxAge = (unit: string): string => `anytopic_outbox_oldest_age${unit}{${OUTBOX},${POD}}`;
const parked = (instance: string): string => `anytopic_outbox_parked{${OUTBOX},${instance}}`;
const outbox = (title: string, series: Readonly<Record<string, string>>, atMinute: number, fires: boolean): Story => ({
  alert: "AnytopicOutboxStuck",
  title,
  series,
  atMinute,
  fires: fires ? OUTBOX : undefined,
});

const STORIES: readonly Story[] = [
  ...everyStep("AnytopicDeadLetters", "anytopic_dead_letters_total", 'reason="rejected"'),
  ...everyStep("AnytopicDeadLetterNotStored", "anytopic_dead_letter_failed_total", ""),
  ...everyStep("AnytopicLeaseLost", "anytopic_lease_lost_total", ""),
  ...stuck("_seconds"),
  ...stuck(""),
  growing("it grows and all are busy", { [waiting]: "200+10x60", [running]: "10x60" }, true),
  growing("it grows and places are free", { [waiting]: "200+10x60", [running]: "5x60" }, false),
  growing("it shrinks", { [waiting]: "900-10x60", [running]: "10x60" }, false),
  growing("it is small", { [waiting]: "0+1x60", [running]: "10x60" }, false),
  ...gauge("AnytopicNotReceiving", "anytopic_subscription_receiving", `${SUBSCRIPTION},${POD}`),
  circuit("open in one process", "0x10 1x30", "0x40", true),
  circuit("open for 5 minutes", "0x25 1x15", "0x40", false),
  circuit("it closed meanwhile", "1x22 0x2 1x20", "0x40", false),
  circuit("closed", "0x40", "0x40", false),
  ...gauge("AnytopicConnectionDown", "anytopic_connection_up", `connection="default",${POD}`),
  reconnects("one a minute", "0+1x40", true),
  reconnects("two in 15 minutes", "0x20 1x5 2x20", false),
  retries("half of the attempts", "0+10x60", "0+20x60", true),
  retries("a tenth of the attempts", "0+10x60", "0+100x60", false),
  retries("one message that fails again and again", "0+1x60", "0+1x60", false),
  publishes("5 of 100", "0+5x60", "0+95x60", true),
  publishes("1 of 1000", "0+1x60", "0+999x60", false),
  publishes("none", "0x60", "0+100x60", false),
  outbox("a message waits for 6 minutes", { [outboxAge("_seconds")]: "0+60x40" }, 6, true),
  outbox("a message waits for 6 minutes, without the unit", { [outboxAge("")]: "0+60x40" }, 6, true),
  outbox("a message waits for 5 minutes", { [outboxAge("_seconds")]: "0+60x40" }, 5, false),
  outbox("a message is parked", { [outboxAge("_seconds")]: "0x40", [parked(POD)]: "0x5 1x30" }, 8, true),
  outbox("one process sees it", { [parked(POD)]: "0x40", [parked('instance="other"')]: "1x40" }, 8, true),
  outbox("nothing waits and nothing is parked", { [outboxAge("_seconds")]: "0x40", [parked(POD)]: "0x40" }, 30, false),
  outbox("it was parked, and somebody discarded it", { [parked(POD)]: "1x5 0x30" }, 8, false),
];

const rulesOf = async (): Promise<readonly string[]> =>
  [...(await readFile(RULES, "utf8")).matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);

describe.skipIf(promtool === undefined)("alerts/anytopic.rules.yml", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "anytopic-alerts-"));
  });
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  test("promtool finds nothing wrong", async () => {
    const { code, output } = await runPromtool(["check", "rules", "--lint=all", "--lint-fatal", RULES]);
    expect(output).toContain("12 rules found");
    expect(code).toBe(0);
  });

  test("every alert has a story in which it fires, and one in which it does not", async () => {
    const named = await rulesOf();
    const of = (fires: boolean): Set<string> =>
      new Set(STORIES.filter((story) => (story.fires !== undefined) === fires).map(({ alert }) => alert));
    expect(named.filter((name) => !of(true).has(name) || !of(false).has(name))).toEqual([]);
    expect(STORIES.filter(({ alert }) => !named.includes(alert))).toEqual([]);
  });

  test.for(STORIES)("$alert: $title", async ({ alert, series, atMinute, fires }) => {
    const severity = new RegExp(`alert: ${alert}\\n[^]*?severity: (\\w+)`).exec(await readFile(RULES, "utf8"))?.[1];
    const labels = `ALERTS{alertname="${alert}",alertstate="firing",severity="${severity}",${fires}}`;
    const file = join(folder, `${alert}-${Math.random()}.json`);
    const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const exp_samples = fires === undefined ? [] : [{ labels, value: 1 }];
    const expr = `ALERTS{alertname="${alert}",alertstate="firing"}`;
    const promql_expr_test = [{ expr, eval_time: `${atMinute}m`, exp_samples }];
    // JSON is YAML.
    await writeFile(
      file,
      JSON.stringify({
        rule_files: [RULES],
        evaluation_interval: "1m",
        tests: [{ interval: "1m", input_series, promql_expr_test }],
      }),
    );
    const { code, output } = await runPromtool(["test", "rules", file]);
    expect(output).toContain("SUCCESS");
    expect(code).toBe(0);
  });
});
