/** The program of `startActorProcess`: an actor in a process of its own, which can be killed, stopped and blocked. */
import type { Adapter } from "@anytopic/core/driver";
import { saboteurs } from "../saboteurs/index.ts";
import { Actor, shownError } from "./actor.ts";
import type { ActorCommand, ActorProcessTask, ActorReport, InboxAnswer } from "./actor-task.ts";
import { HistoryWriter } from "./history.ts";
import { RemoteInbox } from "./inbox-calls.ts";
import { takeSample } from "../soak/take-sample.ts";
import { blockEventLoop } from "./standstills.ts";
import { replaceWallClock } from "./wall-clock.ts";

const task = JSON.parse(process.argv[2] ?? "") as ActorProcessTask;
const history = new HistoryWriter(task.historyFile, task.by);
const stray = (error: unknown): void => history.write({ type: "stray", text: shownError(error) });
process.on("unhandledRejection", stray);
process.on("uncaughtException", stray);

let ending = false;
// The schedule's process is gone: nobody would end this one.
process.on("disconnect", () => {
  if (!ending) process.exit(1);
});

const clock = replaceWallClock();
const tell = (report: ActorReport): void => {
  if (process.connected) process.send?.(report);
};
const inbox = new RemoteInbox(tell);
const { adapter } = (await import(task.adapter.module)) as { readonly adapter: (args: unknown) => Adapter };
const made = adapter(task.adapter.args);
const saboteur = saboteurs.find(({ name }) => name === task.saboteur);
tell({ type: "loaded" });
const starting = Actor.start(task, saboteur === undefined ? made : saboteur.sabotage(made), inbox, history);

process.on("message", (message: ActorCommand | InboxAnswer) => {
  if (message.type === "inbox-answer") inbox.answered(message);
  else void obey(message).catch(stray);
});

async function obey(command: ActorCommand): Promise<void> {
  if (command.type === "block") return blockEventLoop(command.forMs);
  if (command.type === "set-clock") return clock.set(command.offsetMs);
  const actor = await starting;
  switch (command.type) {
    case "close-worker":
      return await actor.closeWorker(command.timeoutMs, command.reopenAfterMs);
    case "stop-publishing":
      await actor.stopPublishing();
      return tell({ type: "published" });
    case "calm":
      return actor.beCalm(command.on);
    case "pause-publishing":
      return actor.pausePublishing(command.on);
    case "sample":
      return history.write({ type: "sample", minute: command.minute, ...(await takeSample()) });
    case "say-health":
      await actor.sayHealth();
      return tell({ type: "health-said" });
    case "end":
      ending = true;
      await actor.end(command.timeoutMs);
      // From here on, only something that was left open can keep this process alive.
      return process.disconnect();
    default:
      return command satisfies never;
  }
}

await starting;
tell({ type: "ready" });
