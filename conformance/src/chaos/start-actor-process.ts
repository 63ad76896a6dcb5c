import { fork, type ChildProcess } from "node:child_process";
import type { InboxStore } from "@anytopic/core";
import { Reports, type ActorHandle } from "./actor-handle.ts";
import type { ActorProcessTask, ActorReport } from "./actor-task.ts";
import { answerInbox } from "./inbox-calls.ts";

const PROGRAM = new URL(`./actor-process.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url);

const running = new Set<ChildProcess>();
// A stopped process cannot notice that its parent has ended.
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export function startActorProcess(task: ActorProcessTask, inbox: InboxStore): ActorHandle {
  const child = fork(PROGRAM, [JSON.stringify(task)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [...process.execArgv, "--expose-gc"],
  });
  running.add(child);
  const reports = new Reports();
  const gone = new Promise<number | null>((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.once("error", () => resolve(-1));
  });
  void gone.then(() => running.delete(child));
  // Writing to a process that was killed fails, at once or later.
  const send = (message: object): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  child.on("message", (report: ActorReport) => {
    if (report.type === "inbox") void answerInbox(inbox, report).then(send);
    else reports.note(report.type);
  });
  return {
    by: task.by,
    send,
    said: async (type) => void (await Promise.race([reports.said(type), gone])),
    gone,
    signal: (signal) => void child.kill(signal),
  };
}
