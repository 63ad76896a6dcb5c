import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startProcess } from "../src/managed-process.ts";
import { until } from "../src/until.ts";

/** Its first thread sleeps, and so needs a turn of a processor that the others keep busy before it hears of any signal. */
const BUSY = `
  const { Worker } = require("node:worker_threads");
  for (let count = 0; count < 4; count += 1) new Worker("for (;;) {}", { eval: true });
  setInterval(() => {}, 1e6);
  console.log("busy");`;

function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return /^State:\s+(\w)/m.exec(status)?.[1] ?? "";
  });
}

test.skipIf(process.platform !== "linux")(
  "a process is stopped when that is said, with all its threads, however busy they are",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "anytopic-stop-"));
    const logFile = join(folder, "log");
    const busy = await startProcess({ command: process.execPath, args: ["-e", BUSY], cwd: folder, logFile });
    onTestFinished(async () => {
      await busy.kill();
      rmSync(folder, { recursive: true });
    });
    const said = (): true | undefined => readFileSync(logFile, "utf8").includes("busy") || undefined;
    await until(said, { deadlineMs: 20_000, what: "the process to be busy" });
    for (let round = 0; round < 20; round += 1) {
      await busy.signal("SIGSTOP");
      expect(new Set(threadStates(busy.pid))).toEqual(new Set(["T"]));
      await busy.signal("SIGCONT");
    }
  },
);
