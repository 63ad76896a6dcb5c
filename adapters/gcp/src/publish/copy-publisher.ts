import { PubSubError } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { type Attempted, Status, statusOf, toPubSubError } from "../errors.ts";
import type { CallOptions, WireOutgoing } from "../connection/rpc.ts";

const CALL_DEADLINE_MS = 20_000;
/** Of the look before anything is stored: a worker that starts does not wait for long. */
const FIRST_LOOK_DEADLINE_MS = 5000;

/**
 * Publishes copies, which replace their original: dead letters, and what goes back to one subscription. The service
 * takes a message for a topic that nobody reads and forgets it, so a copy counts as durable only when its subscription
 * is seen to be there *after* it was published (docs/adr/043-gcp-copies.md).
 */
export class CopyPublisher {
  readonly #connection: Connection;
  readonly #topic: string;
  readonly #subscription: string;
  readonly #publishOptions: CallOptions;
  readonly #publishing: Attempted;
  readonly #looking: Attempted;
  /** A look that has not begun, for everybody who asks until then. */
  #nextLook: Promise<void> | undefined;
  #lastLook: Promise<void> = Promise.resolve();
  #warned = false;

  /** @param id of both the topic and its one subscription */
  constructor(connection: Connection, id: string) {
    this.#connection = connection;
    this.#topic = `projects/${connection.projectId}/topics/${id}`;
    this.#subscription = `projects/${connection.projectId}/subscriptions/${id}`;
    this.#publishOptions = { metadata: connection.metadata("topic", this.#topic), deadlineMs: CALL_DEADLINE_MS };
    this.#publishing = { verb: "publish to", resource: `topic ${this.#topic}`, role: "roles/pubsub.publisher" };
    this.#looking = { verb: "store in", resource: `subscription ${this.#subscription}`, role: "roles/pubsub.viewer" };
  }

  /** Resolves when the copy is durable. After a rejection it may be so all the same. */
  async publish(message: WireOutgoing): Promise<void> {
    const { publishing, methods } = this.#connection;
    const request = { topic: this.#topic, messages: [message] };
    await new Promise<void>((resolve, reject) => {
      publishing.call(methods.publish, request, this.#publishOptions, (error, response) => {
        if (response !== undefined) return resolve();
        return reject(toPubSubError(error, this.#publishing));
      });
    });
    await this.#lookAfterThis();
  }

  /** @throws PubSubError `NOT_FOUND` when what is published now would be lost; others when nobody knows */
  requireKept(): Promise<void> {
    return this.#look(FIRST_LOOK_DEADLINE_MS);
  }

  /** One look serves all copies that were published before it began. */
  #lookAfterThis(): Promise<void> {
    if (this.#nextLook !== undefined) return this.#nextLook;
    const look = this.#lastLook
      .catch(() => {})
      .then(() => {
        this.#nextLook = undefined;
        return this.#look(CALL_DEADLINE_MS);
      });
    this.#nextLook = look;
    this.#lastLook = look;
    return look;
  }

  async #look(deadlineMs: number): Promise<void> {
    const { letters, methods } = this.#connection;
    const options = { metadata: this.#connection.metadata("subscription", this.#subscription), deadlineMs };
    const found = await new Promise<boolean>((resolve, reject) => {
      letters.call(methods.getSubscription, { subscription: this.#subscription }, options, (error, response) => {
        if (response !== undefined) return resolve(response.topic === this.#topic && !response.detached);
        // Who may not look cannot know. The message counts as stored, as it did before there was this look.
        if (statusOf(error) === Status.PERMISSION_DENIED) return resolve(this.#warn());
        return reject(toPubSubError(error, this.#looking));
      });
    });
    if (found) return;
    const advice = "it is detached, or of a topic that was deleted; delete it and create it again with anytopic apply";
    throw new PubSubError("NOT_FOUND", `cannot store in subscription ${this.#subscription}: ${advice}`);
  }

  #warn(): true {
    if (this.#warned) return true;
    this.#warned = true;
    this.#connection.context.logger.warn(
      { subscription: this.#subscription },
      "whether this subscription is there to keep dead letters cannot be checked: give this service account pubsub.subscriptions.get on it (roles/pubsub.viewer)",
    );
    return true;
  }
}
