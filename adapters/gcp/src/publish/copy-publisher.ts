import { PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { type CallOptions, unaryCall, type WireOutgoing } from "../connection/rpc.ts";

const CALL_DEADLINE_MS = 20_000;
/** For the check before anything is stored: a worker that starts does not wait long. */
const FIRST_CHECK_DEADLINE_MS = 5000;

/**
 * Publishes copies, which replace their original: dead letters, and messages that go back to one subscription. The service
 * accepts a message for a topic without subscriptions and drops it. So a copy counts as durable only when its subscription
 * was seen to exist *after* the copy was published (docs/adr/043-gcp-copies.md).
 */
export class CopyPublisher {
  readonly #connection: Connection;
  readonly #topic: string;
  readonly #subscription: string;
  readonly #publishOptions: CallOptions;
  readonly #checkOptions: CallOptions;
  /** A check that has not begun, for all copies that are published before it begins. */
  #nextCheck: Promise<void> | undefined;
  #lastCheck: Promise<void> = Promise.resolve();
  #warned = false;

  /** @param id of both the topic and its one subscription */
  constructor(connection: Connection, id: string) {
    this.#connection = connection;
    this.#topic = `projects/${connection.projectId}/topics/${id}`;
    this.#subscription = `projects/${connection.projectId}/subscriptions/${id}`;
    this.#publishOptions = {
      metadata: connection.metadata("topic", this.#topic),
      deadlineMs: CALL_DEADLINE_MS,
      attempted: { verb: "publish to", resource: `topic ${this.#topic}`, role: "roles/pubsub.publisher" },
    };
    this.#checkOptions = {
      metadata: connection.metadata("subscription", this.#subscription),
      deadlineMs: CALL_DEADLINE_MS,
      attempted: { verb: "store in", resource: `subscription ${this.#subscription}`, role: "roles/pubsub.viewer" },
    };
  }

  /** Resolves when the copy is durable. After a rejection it may be durable, too. */
  async publish(message: WireOutgoing): Promise<void> {
    const { publishing, methods } = this.#connection;
    const request = { topic: this.#topic, messages: [message] };
    await unaryCall(publishing, methods.publish, request, this.#publishOptions);
    await this.#checkAfterThis();
  }

  /** @throws PubSubError `NOT_FOUND` when a copy that is published now would be lost; another code when this is not known */
  requireKept(): Promise<void> {
    return this.#check(FIRST_CHECK_DEADLINE_MS);
  }

  /** One check serves all copies that were published before it began. */
  #checkAfterThis(): Promise<void> {
    if (this.#nextCheck !== undefined) return this.#nextCheck;
    const check = this.#lastCheck
      .catch(() => {})
      .then(() => {
        this.#nextCheck = undefined;
        return this.#check(CALL_DEADLINE_MS);
      });
    this.#nextCheck = check;
    this.#lastCheck = check;
    return check;
  }

  async #check(deadlineMs: number): Promise<void> {
    const { letters, methods } = this.#connection;
    const request = { subscription: this.#subscription };
    try {
      const found = await unaryCall(letters, methods.getSubscription, request, { ...this.#checkOptions, deadlineMs });
      if (found.topic === this.#topic && !found.detached) return;
    } catch (error) {
      if (!(error instanceof PubSubError && error.code === "PERMISSION_DENIED")) throw error;
      // Without this right nothing can be checked, and the copy counts as stored.
      return this.#warnOnce();
    }
    const advice = "it is detached, or its topic was deleted; delete it and create it again with anytopic apply";
    throw new PubSubError("NOT_FOUND", `cannot store in subscription ${this.#subscription}: ${advice}`);
  }

  #warnOnce(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#connection.context.logger.warn(
      { subscription: this.#subscription },
      "cannot check whether the subscription that keeps these messages exists: give this service account pubsub.subscriptions.get on it (roles/pubsub.viewer)",
    );
  }
}
