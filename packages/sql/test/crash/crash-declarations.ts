import { defineSubscription, defineTopic } from "@anytopic/core";

/** Where the worker is killed. In both forms, the effect is one row in the transaction of the mark. */
export const STEPS = {
  /** `inTransaction`: the mark comes first. */
  transaction: ["begun", "effect", "committed", "acking", "ack sent"],
  /** `context.inbox.complete`: the mark comes last. */
  claim: ["begun", "effect", "marked", "committed", "acking", "ack sent"],
} as const;

export type Form = keyof typeof STEPS;
export type Step = (typeof STEPS)[Form][number];

export interface Charge {
  readonly step: Step;
}

export function crashDeclarations(name: string, ackDeadlineMs: number) {
  const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 1000, jitter: 0, maxRetries: 50 };
  const transaction = defineTopic<Charge>(`${name}-a`);
  const claim = defineTopic<Charge>(`${name}-b`, { deliveryGuarantee: "exactly-once" });
  return {
    transaction: {
      topic: transaction,
      subscription: defineSubscription(transaction, "bill", { ackDeadlineMs, retryPolicy }),
    },
    claim: { topic: claim, subscription: defineSubscription(claim, "bill", { ackDeadlineMs, retryPolicy }) },
  };
}
