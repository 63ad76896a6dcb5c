import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { WireCount } from "./scale-broker.ts";

/** What stands for one request in what a client sends. */
export type RequestMark = "http1" | "http2";

export interface CountingProxy {
  readonly port: number;
  count(): Promise<WireCount>;
  close(): void;
}

interface Answer {
  readonly port?: number;
  readonly count?: WireCount;
}

/** Passes bytes to a port of this machine and counts requests. A process of its own, so that its CPU time is not ours. */
export async function startCountingProxy(toPort: number, mark: RequestMark): Promise<CountingProxy> {
  const child = fork(fileURLToPath(new URL("counting-proxy-process.ts", import.meta.url)), [String(toPort), mark]);
  const next = (): Promise<Answer> =>
    new Promise((resolve) => child.once("message", (answer: Answer) => resolve(answer)));
  const { port = 0 } = await next();
  return {
    port,
    async count(): Promise<WireCount> {
      const answer = next();
      child.send("count");
      return (await answer).count as WireCount;
    },
    close: () => void child.kill(),
  };
}
