import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { countTimers } from "./watch-timers.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What this process takes. */
export interface OwnUsage {
  readonly rssMb: number;
  /** What is in use after a forced collection: JavaScript's heap, and buffers outside of it. */
  readonly heapMb: number;
  readonly sockets: number;
  readonly timers: number;
}

const MB = 1024 * 1024;

/** Collects garbage first. */
export function ownUsage(): OwnUsage {
  collectGarbage();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
  return { rssMb: rss / MB, heapMb: (heapUsed + external) / MB, sockets, timers: countTimers().pending };
}

/** The CPU time of this process, in ms. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
