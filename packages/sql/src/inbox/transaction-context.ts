import type { HandlerContext } from "@anytopic/core";

/** What a handler in a transaction is told, with the transaction. */
export interface TransactionContext<Tx> extends HandlerContext {
  /** The transaction in which the message is marked as handled. */
  readonly tx: Tx;
}

/** The same context with a transaction. It reads on demand, as core's own context does. */
export function withTransaction<Tx>(context: HandlerContext, tx: Tx): TransactionContext<Tx> {
  return {
    tx,
    get id() {
      return context.id;
    },
    get attempt() {
      return context.attempt;
    },
    get publishTime() {
      return context.publishTime;
    },
    get attributes() {
      return context.attributes;
    },
    get expiresAt() {
      return context.expiresAt;
    },
    get orderingKey() {
      return context.orderingKey;
    },
    get body() {
      return context.body;
    },
    get deadline() {
      return context.deadline;
    },
    get signal() {
      return context.signal;
    },
    get native() {
      return context.native;
    },
    get inbox() {
      return context.inbox;
    },
    extend: (durationMs) => context.extend(durationMs),
  };
}
