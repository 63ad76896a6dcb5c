import type { InboxStore } from "@anytopic/core";
import type { Adapter } from "@anytopic/core/driver";
import { Actor, shownError } from "./actor.ts";
import { Reports, type ActorHandle } from "./actor-handle.ts";
import type { ActorCommand, ActorTask } from "./actor-task.ts";
import { HistoryWriter } from "./history.ts";
import { blockEventLoop } from "./standstills.ts";
import type { WallClock } from "./wall-clock.ts";

/** An actor in this process: for a broker that lives in it. What blocks it, or sets its clock, does so to all of them. */
export function startLocalActor(task: ActorTask, adapter: Adapter, inbox: InboxStore, clock: WallClock): ActorHandle {
  const history = new HistoryWriter(task.historyFile, task.by);
  const reports = new Reports();
  reports.note("loaded");
  const starting = Actor.start(task, adapter, inbox, history);
  let end: (code: number) => void = () => undefined;
  const gone = new Promise<number>((resolve) => (end = resolve));
  const obey = async (command: ActorCommand): Promise<void> => {
    const actor = await starting;
    switch (command.type) {
      case "block":
        return blockEventLoop(command.forMs);
      case "set-clock":
        return clock.set(command.offsetMs);
      case "close-worker":
        return await actor.closeWorker(command.timeoutMs, command.reopenAfterMs);
      case "stop-publishing":
        await actor.stopPublishing();
        return reports.note("published");
      case "calm":
        return actor.beCalm(command.on);
      case "pause-publishing":
        return actor.pausePublishing(command.on);
      case "sample":
        // It shares its process, which takes the sample itself.
        return;
      case "say-health":
        await actor.sayHealth();
        return reports.note("health-said");
      case "end":
        await actor.end(command.timeoutMs);
        history.close();
        return end(0);
      default:
        return command satisfies never;
    }
  };
  const stray = (error: unknown): void => history.write({ type: "stray", text: shownError(error) });
  starting.then(
    () => reports.note("ready"),
    (error: unknown) => {
      stray(error);
      end(1);
    },
  );
  return {
    by: task.by,
    send: (command) => void obey(command).catch(stray),
    said: async (type) => void (await Promise.race([reports.said(type), gone])),
    gone,
  };
}
