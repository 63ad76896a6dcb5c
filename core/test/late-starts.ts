import {
  connect,
  type ConnectOptions,
  defineSubscription,
  defineTopic,
  type HandlerContext,
  type InboxClaim,
  MemoryInbox,
  type PubSub,
  type StandardSchema,
} from "@anytopic/core";

import { BlockableClock } from "./blockable-clock.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

export const LEASE_MS = 3000;

/** A process that stands still in the tests, and what it shares with a worker elsewhere. */
export interface Late {
  readonly adapter: ScriptedAdapter;
  readonly clock: BlockableClock;
  readonly inbox: MemoryInbox;
  readonly pubsub: PubSub;
}

/**
 * @param lease "connection": only claims can lapse
 */
export async function late(lease: "renewable" | "connection", options: ConnectOptions = {}): Promise<Late> {
  const clock = new BlockableClock();
  const adapter = new ScriptedAdapter({ lease });
  const inbox = new MemoryInbox({ clock });
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const pubsub = await connect(adapter, { clock, inbox, logger, ...options });
  return { adapter, clock, inbox, pubsub };
}

/** Something that is waited for before a handler starts. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  asked = 0;

  async pass(): Promise<void> {
    this.asked += 1;
    await this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }
}

/** A schema that answers for events with `slow` when the gate is open. */
export function slowSchema(gate: Gate): StandardSchema<object> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async (value) => {
        if ("slow" in (value as object)) await gate.pass();
        return { value: value as object };
      },
    },
  };
}

export const SLOW: Uint8Array = Buffer.from('{"slow":true}');

interface Asked {
  readonly once?: boolean;
  readonly keyed?: boolean;
  readonly schema?: StandardSchema<object>;
}

/** A subscription `events/sub` whose leases and claims last for `LEASE_MS`. */
export function subscriptionOf({ once = false, keyed = false, schema }: Asked) {
  const topic = defineTopic<object, object>("events", {
    ...(once ? { deliveryGuarantee: "exactly-once" } : {}),
    ...(keyed ? { orderingKey: () => "unused by consumers" } : {}),
    ...(schema === undefined ? {} : { schema }),
  });
  return defineSubscription(topic, "sub", {
    retryPolicy: { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 },
    ackDeadlineMs: LEASE_MS,
    maxHandlingMs: 60_000,
    maxConcurrency: 4,
  });
}

/** Its claims answer when the gate is open, though the store decided at once. */
export function answerLate(inbox: MemoryInbox, gate: Gate, id: string): void {
  const claim = inbox.claim.bind(inbox);
  let isFirst = true;
  inbox.claim = async (path, claimed, leaseMs) => {
    const answer = await claim(path, claimed, leaseMs);
    if (claimed === id && isFirst) {
      isFirst = false;
      await gate.pass();
    }
    return answer;
  };
}

/** A worker elsewhere, for the claims that it finds. */
export async function elsewhere(
  inbox: MemoryInbox,
  id: string,
  then: "completes" | "gives back",
): Promise<InboxClaim["state"]> {
  const claim = await MemoryInbox.prototype.claim.call(inbox, "events/sub", id, LEASE_MS);
  if (claim.state !== "claimed") return claim.state;
  if (then === "completes") await inbox.complete("events/sub", id, claim.token, 60_000);
  else await inbox.abandon("events/sub", id, claim.token);
  return claim.state;
}

/** A handler that records what it starts with. */
export function starts() {
  const ran: string[] = [];
  const handler = (_event: object, { id, attempt }: HandlerContext): void => void ran.push(`${id}.${attempt}`);
  return { ran, handler };
}
