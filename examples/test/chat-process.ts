import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ChatProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it has written to standard error. */
  errors(): string;
  /** Ends it by a signal, and waits until it is gone. Resolves with its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const main = fileURLToPath(new URL("../src/chat/main.ts", import.meta.url));

/** Starts one server of the chat in a process of its own; resolves when it has said its address. */
export async function startChatProcess(args: readonly string[]): Promise<ChatProcess> {
  const flags = ["--disable-warning=ExperimentalWarning", "--conditions=@anytopic/source"];
  const child = spawn(process.execPath, [...flags, main, ...args], {
    env: { ...process.env, ANYTOPIC_URL: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = once(child, "exit") as Promise<[number | null]>;
  const said = (async () => {
    for await (const line of createInterface(child.stdout)) {
      const [url] = /http:\/\/\S+/.exec(line) ?? [];
      if (url !== undefined) return url;
    }
    throw new Error(`the chat has ended: ${errors}`);
  })();
  return {
    url: await said,
    process: child,
    errors: () => errors,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return (await ended)[0];
    },
  };
}
