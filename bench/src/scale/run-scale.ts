import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

import { growth } from "./growth.ts";
import { type Figures, Measurement } from "./measurement.ts";
import { measureKeys } from "./measure-keys.ts";
import { measureProcesses } from "./measure-processes.ts";
import { measureTopics } from "./measure-topics.ts";
import { measureWaiting } from "./measure-waiting.ts";
import { measureWorkers } from "./measure-workers.ts";
import type { ScaleBroker } from "./scale-broker.ts";
import { startScaleBroker } from "./start-scale-broker.ts";

interface Kind {
  readonly sizes: readonly number[];
  readonly measure: (broker: ScaleBroker, size: number, measurement: Measurement) => Promise<void>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  topics: { sizes: [100, 300, 1000], measure: measureTopics },
  waiting: { sizes: [100_000, 300_000, 1_000_000], measure: measureWaiting },
  keys: { sizes: [100, 1000, 10_000], measure: measureKeys },
  workers: { sizes: [10, 30, 100], measure: measureWorkers },
  processes: { sizes: [1, 3, 10], measure: measureProcesses },
};

/** Measures each size in a process of its own, on a broker of its own, and prints how it grows. */
export async function runScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      adapter: { type: "string" },
      what: { type: "string" },
      size: { type: "string", multiple: true },
      one: { type: "boolean", default: false },
    },
  });
  const { adapter = "", what = "" } = values;
  const kind = KINDS[what];
  if (kind === undefined || adapter === "") {
    console.error(`error: --adapter NAME --what ${Object.keys(KINDS).join("|")} [--size N]…`);
    process.exit(2);
  }
  const sizes = values.size?.map(Number) ?? kind.sizes;
  if (values.one) {
    console.log(JSON.stringify(await measureOne(adapter, kind, sizes[0] ?? 0)));
    return;
  }
  const found = sizes.map((size) => [size, inOwnProcess(adapter, what, size)] as const);
  console.log(growth(`${adapter}, ${what}`, found));
}

async function measureOne(adapter: string, { measure }: Kind, size: number): Promise<Figures> {
  const broker = await startScaleBroker(adapter);
  const measurement = new Measurement(broker, true);
  try {
    await measure(broker, size, measurement);
  } catch (error) {
    // What was measured before counts.
    console.error(error);
    measurement.set("failed", 1);
  } finally {
    await broker.close();
  }
  return measurement.figures;
}

function inOwnProcess(adapter: string, what: string, size: number): Figures {
  console.error(`${adapter}, ${what}, ${size.toLocaleString("en")}`);
  const main = new URL("main.ts", import.meta.url).pathname;
  const args = [main, "--adapter", adapter, "--what", what, "--size", String(size), "--one"];
  const { stdout } = spawnSync(process.execPath, [...process.execArgv, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Figures;
}
