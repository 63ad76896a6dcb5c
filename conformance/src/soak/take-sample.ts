import { readdir } from "node:fs/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { hold } from "../wait.ts";

/** What a process holds. */
export interface ProcessSample {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number | undefined;
  readonly resources: Readonly<Record<string, number>>;
}

/** Finalizers and weak references of one collection let the next one free more. */
const COLLECTIONS = 3;
const BETWEEN_MS = 20;
const NEVER = new AbortController().signal;

/** Collects garbage, and reads what is left of this process: heap, sockets, timers. */
export async function takeSample(): Promise<ProcessSample> {
  const collect = collector();
  for (let count = 0; count < COLLECTIONS; count += 1) {
    collect();
    await hold(BETWEEN_MS, NEVER);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heapBytes: heapUsed,
    externalBytes: external,
    rssBytes: rss,
    descriptors: await descriptors(),
    resources,
  };
}

/** `--expose-gc` gives it; a process that was started without gets it here. */
function collector(): () => void {
  if (globalThis.gc === undefined) setFlagsFromString("--expose-gc");
  const exposed = globalThis.gc as (() => void) | undefined;
  return exposed ?? (runInNewContext("gc") as () => void);
}

async function descriptors(): Promise<number | undefined> {
  try {
    return (await readdir("/proc/self/fd")).length;
  } catch {
    return undefined;
  }
}
