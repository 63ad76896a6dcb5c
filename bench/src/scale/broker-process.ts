import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const CLOCK_TICKS = 100;
const PAGE_MB = 4096 / 1024 / 1024;

/** What a process of this machine takes. */
export interface ProcessUsage {
  readonly rssMb: number;
  readonly cpuMs: number;
  readonly threads: number;
}

/** The process that listens on a port, if there is one. Linux only. */
export function processOnPort(port: number): number | undefined {
  const listening = execFileSync("ss", ["-Hltnp", `sport = :${port}`], { encoding: "utf8" });
  const pid = /pid=(\d+)/.exec(listening)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Reads `/proc`. Linux only. */
export function usageOf(pid: number): ProcessUsage {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field, the name of the program, may contain spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    rssMb: field(24) * PAGE_MB,
    cpuMs: ((field(14) + field(15)) * 1000) / CLOCK_TICKS,
    threads: field(20),
  };
}
