#!/usr/bin/env node
/**
 * `npx @anytopic/conformance --adapter ./my-adapter.js`: certifies an adapter. Exit code 0: everything passed, 1:
 * something failed, or was left open, 2: the suite could not run.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { behaviours } from "./behaviours/index.ts";
import { CHAOS_OPTIONS, CHAOS_USAGE, chaosCommand, type ChaosCommandOptions } from "./chaos/chaos-command.ts";
import { endInTime } from "./end-in-time.ts";
import { junit } from "./junit.ts";
import { loadHarness } from "./load-harness.ts";
import { headline, isFailure, summary } from "./result.ts";
import { randomSeed, runConformance } from "./run-conformance.ts";
import { SOAK_OPTIONS, SOAK_USAGE, soakCommand, type SoakCommandOptions } from "./soak/soak-command.ts";

const USAGE = `Usage: anytopic-conformance --adapter <module> [options]

  --adapter <module>   exports "harness" (a Harness, or a function that makes one) or "adapter"
  --tier <tier>        smoke, full (default), faults, all, chaos or soak
  --only <id>          a behaviour or a group, such as ordering; may be repeated
  --seed <n>           repeats the random choices of an earlier run
  --idle-ms <n>        how long life.idle idles (default 10000)
  --junit <file>       writes a JUnit report
  --json <file>        writes the results as JSON
  --list               prints the behaviours and ends
${CHAOS_USAGE}
${SOAK_USAGE}
  --help               prints this and ends
`;

const OPTIONS = {
  ...CHAOS_OPTIONS,
  ...SOAK_OPTIONS,
  adapter: { type: "string" },
  tier: { type: "string" },
  only: { type: "string", multiple: true },
  seed: { type: "string" },
  "idle-ms": { type: "string" },
  junit: { type: "string" },
  json: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const TIERS = ["smoke", "full", "faults", "all", "chaos", "soak"] as const;

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

interface Parsed {
  readonly adapter: string | undefined;
  readonly tier: (typeof TIERS)[number];
  readonly only: readonly string[];
  readonly seed: number;
  readonly idleMs: number | undefined;
  readonly junit: string | undefined;
  readonly json: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
  readonly chaos: ChaosCommandOptions;
  readonly soak: SoakCommandOptions;
}

function parsed(args: readonly string[]): Parsed {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  const { adapter, only = [], list = false, help = false } = values;
  const tier = TIERS.find((one) => one === (values.tier ?? "full"));
  if (tier === undefined)
    throw new Error(`--tier is ${JSON.stringify(values.tier)}: must be one of ${TIERS.join(", ")}`);
  const whole = (
    name: "seed" | "idle-ms" | "schedules" | "duration-ms" | "shrink-ms" | "minutes" | "minute-ms",
  ): number | undefined => {
    const text = values[name];
    if (text !== undefined && !/^\d{1,10}$/.test(text))
      throw new Error(`--${name} is ${JSON.stringify(text)}: must be a whole number`);
    return text === undefined ? undefined : Number(text);
  };
  const seed = whole("seed") ?? randomSeed();
  const { junit, json, schedule, saboteur, save } = values;
  const chaos = {
    schedules: whole("schedules") ?? 10,
    seed,
    schedule,
    durationMs: whole("duration-ms"),
    shrinkMs: whole("shrink-ms"),
    saboteur,
    save,
  };
  const soak = { minutes: whole("minutes") ?? 60, minuteMs: whole("minute-ms"), seed, save };
  return { adapter, tier, only, seed, idleMs: whole("idle-ms"), junit, json, list, help, chaos, soak };
}

async function certify(options: Parsed): Promise<number> {
  const { adapter: file, tier, only, seed, idleMs } = options;
  if (file === undefined) throw new Error("--adapter is missing: name the module that exports a harness or an adapter");
  const harness = await loadHarness(file);
  // An unhandled rejection of a client library would end an application, so it is a failure of the adapter.
  const stray: unknown[] = [];
  const onStray = (error: unknown): unknown => stray.push(error);
  process.on("unhandledRejection", onStray);
  try {
    say(
      `${harness.name} on ${harness.implementation} ${harness.version}, tier ${only.length > 0 ? only.join(", ") : tier}, seed ${seed}`,
    );
    if (tier === "chaos" || tier === "soak") {
      const code =
        tier === "chaos"
          ? await chaosCommand(harness, file, options.chaos, say)
          : await soakCommand(harness, options.soak, say);
      for (const error of stray) say(`unhandled rejection: ${String(error)}`);
      return stray.length > 0 ? 1 : code;
    }
    const run = await runConformance(harness, {
      tier,
      only,
      seed,
      ...(idleMs === undefined ? {} : { idleMs }),
      report(behaviour, result) {
        say(headline(behaviour, result));
        if (isFailure(result)) say((result.detail ?? "").replaceAll(/^/gm, "    "));
      },
    });
    say(`${harness.name}: ${summary(run.results)}`);
    for (const error of stray)
      say(`unhandled rejection: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (options.junit !== undefined) await writeFile(options.junit, junit(run));
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(run, undefined, 2)}\n`);
    return run.results.some(isFailure) || stray.length > 0 ? 1 : 0;
  } finally {
    process.off("unhandledRejection", onStray);
    await harness.close();
  }
}

/** Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parsed(args);
    if (options.help) say(USAGE);
    else if (options.list)
      for (const { id, tier, title } of behaviours) say(`${id.padEnd(34)} ${tier.padEnd(7)} ${title}`);
    else return await certify(options);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
endInTime(say);
