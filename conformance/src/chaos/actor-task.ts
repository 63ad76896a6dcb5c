import type { InboxClaim } from "@anytopic/core";
import type { ProcessAdapter } from "../harness.ts";
import type { ProcessPlan, TopicPlan } from "./schedule.ts";

/** What one life of a process of a schedule needs to know; JSON. */
export interface ActorTask {
  /** Which life of which process, `w1#2`: its name in the history, and in the keys that it publishes with. */
  readonly by: string;
  readonly seed: number;
  readonly historyFile: string;
  /** What the run adds before the names of topics and subscriptions, so that they are unique. */
  readonly prefix: string;
  readonly topics: readonly TopicPlan[];
  readonly plan: ProcessPlan;
  readonly ackDeadlineMs: number;
  readonly retryMs: number;
  readonly maxRetries: number;
  /** A saboteur of the suite, by its name, to prove that chaos finds it. */
  readonly saboteur?: string | undefined;
}

/** The task of an actor in a process of its own. */
export interface ActorProcessTask extends ActorTask {
  readonly adapter: ProcessAdapter;
}

/** What an actor is told. */
export type ActorCommand =
  | { readonly type: "block"; readonly forMs: number }
  | { readonly type: "set-clock"; readonly offsetMs: number }
  | { readonly type: "close-worker"; readonly timeoutMs: number; readonly reopenAfterMs: number }
  | { readonly type: "stop-publishing" }
  | { readonly type: "calm"; readonly on?: boolean }
  /** New messages wait until it resumes; what was not accepted is published on. */
  | { readonly type: "pause-publishing"; readonly on: boolean }
  /** It records what it holds: memory, handles, timers. */
  | { readonly type: "sample"; readonly minute: number }
  | { readonly type: "say-health" }
  | { readonly type: "end"; readonly timeoutMs: number };

/** What an actor says. */
export type ActorReport =
  /** Its program is loaded, and it begins to connect. */
  | { readonly type: "loaded" }
  | { readonly type: "ready" }
  /** Everything that it has published was accepted, and it publishes no more. */
  | { readonly type: "published" }
  | { readonly type: "health-said" }
  | { readonly type: "inbox"; readonly call: number; readonly method: InboxMethod; readonly args: readonly unknown[] };

export type InboxMethod = "claim" | "extend" | "complete" | "abandon";

/** The answer to an inbox call of an actor in a process of its own. */
export interface InboxAnswer {
  readonly type: "inbox-answer";
  readonly call: number;
  readonly result: boolean | InboxClaim;
}
