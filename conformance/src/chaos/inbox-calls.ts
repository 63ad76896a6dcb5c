import { MemoryInbox, type InboxClaim, type InboxStore } from "@anytopic/core";
import type { ActorReport, InboxAnswer, InboxMethod } from "./actor-task.ts";
import type { HistoryWriter } from "./history.ts";

/**
 * The inbox of all processes of a schedule, as one database would be. It lives in the process that runs the schedule, which
 * no fault harms, and records each mark.
 */
export function recordedInbox(history: HistoryWriter, prefix: string, maxCompleted?: number): InboxStore {
  const inbox = new MemoryInbox({ maxCompleted });
  return {
    claim: (...args) => inbox.claim(...args),
    extend: (...args) => inbox.extend(...args),
    abandon: (...args) => inbox.abandon(...args),
    async complete(subscription, id, token, retainMs) {
      const marked = await inbox.complete(subscription, id, token, retainMs);
      const topic = (subscription.split("/", 1)[0] ?? "").slice(prefix.length + 1);
      if (marked) history.write({ type: "mark", topic, id });
      return marked;
    },
  };
}

/** Answers one call of an actor's process. */
export async function answerInbox(
  inbox: InboxStore,
  { call, method, args }: Extract<ActorReport, { type: "inbox" }>,
): Promise<InboxAnswer> {
  const perform = inbox[method] as (...args: readonly unknown[]) => Promise<boolean | InboxClaim>;
  return { type: "inbox-answer", call, result: await perform(...args) };
}

/** The same inbox, called from another process. */
export class RemoteInbox implements InboxStore {
  readonly #send: (report: ActorReport) => void;
  readonly #waiting = new Map<number, (result: boolean | InboxClaim) => void>();
  #calls = 0;

  constructor(send: (report: ActorReport) => void) {
    this.#send = send;
  }

  answered({ call, result }: InboxAnswer): void {
    this.#waiting.get(call)?.(result);
    this.#waiting.delete(call);
  }

  async claim(...args: Parameters<InboxStore["claim"]>): Promise<InboxClaim> {
    return (await this.#call("claim", args)) as InboxClaim;
  }

  async extend(...args: Parameters<InboxStore["extend"]>): Promise<boolean> {
    return (await this.#call("extend", args)) as boolean;
  }

  async complete(...args: Parameters<InboxStore["complete"]>): Promise<boolean> {
    return (await this.#call("complete", args)) as boolean;
  }

  async abandon(...args: Parameters<InboxStore["abandon"]>): Promise<boolean> {
    return (await this.#call("abandon", args)) as boolean;
  }

  #call(method: InboxMethod, args: readonly unknown[]): Promise<boolean | InboxClaim> {
    const call = (this.#calls += 1);
    const answer = new Promise<boolean | InboxClaim>((resolve) => this.#waiting.set(call, resolve));
    this.#send({ type: "inbox", call, method, args });
    return answer;
  }
}
