import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished } from "vitest";

export interface RelayProcessTask {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly brokerUrl: string;
  readonly topic: string;
  readonly publishTimeoutMs: number;
  readonly lanes?: number;
  /** Whether it stands still with its transaction open, after the broker has accepted its first messages. */
  readonly hangs?: boolean;
  /** Whether it stops itself with SIGSTOP when the broker accepts its first message. */
  readonly freezes?: boolean;
}

export type FromRelayProcess =
  | { readonly type: "ready" | "accepted" }
  | { readonly type: "closed"; readonly published: number };

export interface RelayProcess {
  readonly said: readonly FromRelayProcess[];
  until(type: FromRelayProcess["type"]): Promise<void>;
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /** Closes the relay in an orderly way. Resolves with the exit code. */
  close(): Promise<number | null>;
}

const PROGRAM = new URL("./relay-process.ts", import.meta.url);

/** A relay in a process of its own, which ends with the test. */
export async function startRelayProcess(task: RelayProcessTask): Promise<RelayProcess> {
  const child = fork(PROGRAM, [JSON.stringify(task)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const said: FromRelayProcess[] = [];
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.on("message", (message: FromRelayProcess) => said.push(message));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const until = async (type: FromRelayProcess["type"]): Promise<void> => {
    await expect.poll(() => said.some((one) => one.type === type), { timeout: 30_000 }).toBe(true);
  };
  await until("ready");
  return {
    said,
    until,
    kill: (signal) => void child.kill(signal),
    async close() {
      child.send("close");
      const [code] = await exited;
      return code;
    },
  };
}
