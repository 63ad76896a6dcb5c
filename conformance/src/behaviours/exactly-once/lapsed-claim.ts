import type { InboxStore } from "@anytopic/core";
import { behaviour, exactlyOnce, type Behaviour } from "../../behaviour.ts";
import { check, equal } from "../../expect.ts";
import type { Context } from "../../context.ts";

/** Longer than the behaviour takes. */
const RIVAL_LEASE_MS = 60_000;

export const lapsedClaim: Behaviour = behaviour({
  id: "exactly-once.lapsed-claim",
  rows: [31],
  statements: ["C21"],
  title:
    "a handler does not start with a claim that has lapsed before its answer was read: it waits for the worker that has the claim now",
  tier: "full",
  withoutSaboteur: "core asks the inbox, and the driver does not see it: see core/test/late-claims.test.ts",
  requires: exactlyOnce,
  async run(context) {
    const rival = new Rival(context);
    const { pubsub, topic, subscription } = await context.pair(
      { ackDeadlineMs: context.shortLeaseMs },
      { deliveryGuarantee: "exactly-once" },
      { inbox: rival.store },
    );
    const startedTogether: string[] = [];
    const collector = await context.collect(pubsub, subscription, {
      handle({ id }) {
        if (rival.holds(id)) startedTogether.push(id);
      },
    });

    const [first] = await context.publish(pubsub, topic, 1);
    check(first !== undefined, "a message");
    await collector.completes([first.id], context.shortLeaseMs + context.deliveryMs);
    await context.quiet();
    equal(rival.took, first.id, "what the other worker claimed");
    equal(startedTogether.length, 0, "handlers that started while the other worker had the claim");
    equal(collector.received.length, 1, "handler runs");
  },
});

/** A worker elsewhere. It takes the first claim of the worker under test when that has lapsed, and ends it when it is asked for again. */
class Rival {
  /** What it has claimed. */
  took: string | undefined;
  readonly #context: Context;
  #release: (() => Promise<unknown>) | undefined;
  #isFirst = true;

  constructor(context: Context) {
    this.#context = context;
  }

  holds(id: string): boolean {
    return this.took === id && this.#release !== undefined;
  }

  /** The inbox of the worker under test. */
  get store(): InboxStore {
    const { inbox } = this.#context;
    return {
      claim: async (path, id, leaseMs) => {
        const answer = await inbox.claim(path, id, leaseMs);
        if (this.#isFirst) {
          this.#isFirst = false;
          await this.#take(path, id, leaseMs);
        } else if (answer.state === "busy") {
          await this.#giveBack();
        }
        return answer;
      },
      extend: (...args) => inbox.extend(...args),
      complete: (...args) => inbox.complete(...args),
      abandon: (...args) => inbox.abandon(...args),
    };
  }

  async #take(path: string, id: string, leaseMs: number): Promise<void> {
    const { inbox } = this.#context;
    await this.#context.work(leaseMs);
    await this.#context.eventually(async () => {
      const claim = await inbox.claim(path, id, RIVAL_LEASE_MS);
      if (claim.state !== "claimed") return false;
      this.took = id;
      this.#release = () => inbox.abandon(path, id, claim.token);
      return true;
    }, "the claim to lapse");
  }

  async #giveBack(): Promise<void> {
    const release = this.#release;
    this.#release = undefined;
    await release?.();
  }
}
