import { randomUUID } from "node:crypto";
import type { InboxClaim, InboxStore } from "@anytopic/core";
import { check, equal } from "./expect.ts";
import { eventually } from "./wait.ts";

/** How `checkInboxStore` checks a store. */
export interface InboxStoreCheckOptions {
  /** The lease of claims that the checks let expire, in ms; more than a round trip to the store takes. @default 500 */
  readonly leaseMs?: number | undefined;
  /** When it aborts, the check rejects with the abort reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** One promise of `InboxStore`, and the check that it is kept. */
interface Check {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
}

/** Two clients of one store, as two processes have them, and a message id that no other check uses. */
interface World {
  readonly one: InboxStore;
  readonly other: InboxStore;
  readonly subscription: string;
  readonly id: string;
  readonly leaseMs: number;
  /** Longer than a check takes. */
  readonly longMs: number;
  readonly signal: AbortSignal;
}

const RACERS = 50;
const LONG_MS = 60_000;
const LAPSE_SLACK_MS = 5000;

/**
 * Tests that an inbox store keeps the promises that core relies on (see `InboxStore`). It uses its own message ids,
 * so it can run on a store that others use: it does not touch their claims.
 *
 * @param makeStore called twice; both must reach the same data, as two processes would
 * @returns the names of the promises that were kept
 * @throws AggregateError with one error for each promise that is not kept
 */
export async function checkInboxStore(
  makeStore: () => InboxStore | Promise<InboxStore>,
  options: InboxStoreCheckOptions = {},
): Promise<readonly string[]> {
  const [one, other] = [await makeStore(), await makeStore()];
  const { leaseMs = 500, signal = new AbortController().signal } = options;
  const results = await Promise.allSettled(
    checks.map(async ({ run }) => {
      const subscription = `inbox-check/${randomUUID()}`;
      await run({ one, other, subscription, id: randomUUID(), leaseMs, longMs: LONG_MS, signal });
    }),
  );
  const broken = results.flatMap((result, index) =>
    result.status === "fulfilled" ? [] : [new Error(`${checks[index]?.name}: ${told(result.reason)}`)],
  );
  if (broken.length > 0) {
    const message = `the inbox store breaks ${broken.length} of its promises:\n${broken.map((error) => error.message).join("\n")}`;
    throw new AggregateError(broken, message);
  }
  return checks.map(({ name }) => name);
}

function told(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** @throws Violation when the claim is not granted */
async function claimed({ subscription, id }: World, store: InboxStore, leaseMs: number): Promise<string> {
  const claim = await store.claim(subscription, id, leaseMs);
  check(claim.state === "claimed", `a free message to be claimed, got "${claim.state}"`);
  check(typeof claim.token === "string" && claim.token !== "", "a claim to have a token");
  return claim.token;
}

async function stateOf({ subscription, id, longMs }: World, store: InboxStore): Promise<InboxClaim["state"]> {
  return (await store.claim(subscription, id, longMs)).state;
}

/** A claim whose process died, and the one that took it over. */
async function takenOver(world: World): Promise<{ readonly stale: string; readonly token: string }> {
  const { one, other, subscription, id, leaseMs, longMs, signal } = world;
  const stale = await claimed(world, one, leaseMs);
  const claim = await eventually(
    async () => {
      const now = await other.claim(subscription, id, longMs);
      return now.state === "claimed" ? now : undefined;
    },
    "a claim to lapse",
    { deadlineMs: leaseMs + LAPSE_SLACK_MS, signal },
  );
  check(claim !== undefined, "the claim that was taken over");
  check(claim.token !== stale, "a new token for the new claim");
  return { stale, token: claim.token };
}

const checks: readonly Check[] = [
  {
    name: "race: of fifty who claim at once, one wins",
    async run({ one, other, subscription, id, longMs }) {
      const claims = await Promise.all(
        Array.from({ length: RACERS }, (_, index) => (index % 2 === 0 ? one : other).claim(subscription, id, longMs)),
      );
      equal(claims.filter(({ state }) => state === "claimed").length, 1, "the number of winners");
      equal(
        claims.filter(({ state }) => state === "busy").length,
        RACERS - 1,
        "the number of those that are told busy",
      );
    },
  },
  {
    name: "scope: ids and subscriptions are told apart",
    async run(world) {
      const { one, subscription, id, longMs } = world;
      await claimed(world, one, longMs);
      for (const [where, what] of [
        [`${subscription}-2`, id],
        [subscription, `${id}-2`],
        [subscription, id.toUpperCase()],
        [`${subscription} ${id}`, ""],
      ] as const) {
        equal((await one.claim(where, what, longMs)).state, "claimed", `a claim of ${where} "${what}"`);
      }
    },
  },
  {
    name: "abandon: a claim that was given back is free at once",
    async run(world) {
      const { one, other, subscription, id, longMs } = world;
      const token = await claimed(world, one, longMs);
      equal(await one.abandon(subscription, id, token), true, "what abandon says to the holder");
      equal(await one.abandon(subscription, id, token), false, "what abandon says the second time");
      await claimed(world, other, longMs);
    },
  },
  {
    name: "mark: a completed message stays completed, for everybody",
    async run(world) {
      const { one, other, subscription, id, longMs } = world;
      const token = await claimed(world, one, longMs);
      equal(await one.complete(subscription, id, token, longMs), true, "what complete says to the holder");
      equal(await stateOf(world, one), "completed", "what its own client is told");
      equal(await stateOf(world, other), "completed", "what another client is told");
    },
  },
  {
    name: "ambiguous commit: complete may be repeated, and what follows a lost answer undoes nothing",
    async run(world) {
      const { one, other, subscription, id, longMs } = world;
      const token = await claimed(world, one, longMs);
      await one.complete(subscription, id, token, longMs);
      equal(await one.complete(subscription, id, token, longMs), true, "what complete says the second time");
      equal(await one.abandon(subscription, id, token), false, "what abandon says after complete");
      equal(await stateOf(world, other), "completed", "the message afterwards");
    },
  },
  {
    name: "late extend: a renewal after complete does not shorten the mark",
    async run(world) {
      const { one, other, subscription, id, leaseMs, longMs, signal } = world;
      const token = await claimed(world, one, longMs);
      await one.complete(subscription, id, token, longMs);
      equal(await one.extend(subscription, id, token, 1), false, "what extend says after complete");
      const endMs = performance.now() + leaseMs;
      await eventually(
        async () => {
          equal(await stateOf(world, other), "completed", "the message after a late extend");
          return performance.now() > endMs;
        },
        "the lease to pass",
        { deadlineMs: leaseMs + LAPSE_SLACK_MS, signal },
      );
    },
  },
  {
    name: "crash before the mark: a claim lapses, not before its time, and the next one runs",
    async run(world) {
      const { one, other, subscription, id, leaseMs, longMs } = world;
      const startMs = performance.now();
      const { stale, token } = await takenOver(world);
      // The store counts whole milliseconds, and with another clock.
      check(performance.now() - startMs >= leaseMs * 0.9, `a claim to last ${leaseMs} ms`);
      equal(await one.complete(subscription, id, stale, longMs), false, "what complete says to the one who came back");
      equal(await stateOf(world, one), "busy", "the message afterwards");
      equal(await other.complete(subscription, id, token, longMs), true, "what complete says to the new holder");
    },
  },
  {
    name: "stale token: extend and abandon of a claim that another has taken touch nothing",
    async run(world) {
      const { one, other, subscription, id, longMs } = world;
      const { stale, token } = await takenOver(world);
      equal(await one.extend(subscription, id, stale, 1), false, "what extend says to the former holder");
      equal(await one.abandon(subscription, id, stale), false, "what abandon says to the former holder");
      equal(await stateOf(world, one), "busy", "the claim of the new holder");
      equal(await other.extend(subscription, id, token, longMs), true, "what extend says to the new holder");
    },
  },
  {
    name: "lapse: a claim that nobody else took is still its token's",
    async run(world) {
      const { one, subscription, id, leaseMs, longMs, signal } = world;
      const token = await claimed(world, one, 1);
      // Nothing may claim it meanwhile, since that would take the claim.
      const endMs = performance.now() + leaseMs;
      await eventually(() => performance.now() > endMs, "the claim to lapse", {
        deadlineMs: leaseMs + LAPSE_SLACK_MS,
        signal,
      });
      equal(await one.extend(subscription, id, token, longMs), true, "what extend says to the only holder");
      equal(await stateOf(world, world.other), "busy", "the renewed claim");
      equal(await one.complete(subscription, id, token, longMs), true, "what complete says to the only holder");
    },
  },
  {
    name: "extend: a renewed claim outlasts its first lease",
    async run(world) {
      const { one, other, subscription, id, leaseMs, longMs, signal } = world;
      const token = await claimed(world, one, leaseMs);
      equal(await one.extend(subscription, id, token, longMs), true, "what extend says");
      const endMs = performance.now() + 2 * leaseMs;
      await eventually(
        async () => {
          equal(await stateOf(world, other), "busy", "a renewed claim");
          return performance.now() > endMs;
        },
        "two leases to pass",
        { deadlineMs: 2 * leaseMs + LAPSE_SLACK_MS, signal },
      );
    },
  },
  {
    name: "unknown token: it is no error, and touches nothing",
    async run(world) {
      const { one, subscription, id, longMs } = world;
      equal(await one.extend(subscription, id, "0", longMs), false, "what extend says of an unknown message");
      equal(await one.complete(subscription, id, "0", longMs), false, "what complete says of an unknown message");
      equal(await one.abandon(subscription, id, "0"), false, "what abandon says of an unknown message");
      await claimed(world, one, longMs);
      for (const answer of [
        await one.extend(subscription, id, "not a token of ours", 1),
        await one.complete(subscription, id, "not a token of ours", longMs),
        await one.abandon(subscription, id, "not a token of ours"),
      ]) {
        equal(answer, false, "the answer to a wrong token");
      }
      equal(await stateOf(world, world.other), "busy", "the claim afterwards");
    },
  },
];
