import { PubSubError } from "../base/errors.ts";
import type { InboxStore } from "./inbox.ts";

/** The claim of a running handler, with which it marks its message in its own transaction. */
export interface HandlerInbox {
  /**
   * Marks the message as handled in a transaction of the application: the effects of that transaction and the mark are committed together,
   * or none of them. Call it as the last statement, and let its error roll the transaction back. Acknowledging afterwards is core's.
   *
   * With a synchronous adaptor it marks, and throws, before it returns.
   *
   * @param tx the transaction, as the adaptor of the inbox store takes it
   * @throws PubSubError `LEASE_LOST` when another handler has the claim now, or has completed the message
   * @throws TypeError when the inbox store cannot do this, or `tx` is no transaction
   */
  complete(tx: unknown): Promise<void>;
}

/** One claim in a store. */
export class HeldClaim implements HandlerInbox {
  readonly token: string;
  readonly #store: InboxStore;
  readonly #subscription: string;
  readonly #id: string;
  readonly #retainMs: number;

  constructor(store: InboxStore, subscription: string, id: string, token: string, retainMs: number) {
    this.#store = store;
    this.#subscription = subscription;
    this.#id = id;
    this.token = token;
    this.#retainMs = retainMs;
  }

  // Not async: a synchronous transaction must see the error before it commits.
  complete(tx: unknown): Promise<void> {
    const store = this.#store;
    if (store.completeIn === undefined) {
      throw new TypeError(
        "the inbox store of this connection cannot mark in a transaction: connect with one that can, such as sqlInbox",
      );
    }
    const held = store.completeIn(tx, this.#subscription, this.#id, this.token, this.#retainMs);
    if (typeof held !== "boolean") return held.then((held) => this.#require(held));
    this.#require(held);
    return Promise.resolve();
  }

  #require(held: boolean): void {
    if (held) return;
    throw new PubSubError("LEASE_LOST", `the claim of message ${this.#id} belongs to another handler now: roll back`);
  }
}
