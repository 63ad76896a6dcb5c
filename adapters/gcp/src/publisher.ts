import type { DriverPublisher, OutgoingMessage, PublishRequest, TopicSpec } from "@anytopic/core/driver";
import { encode, sizeOf } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { type Attempted, Status, statusOf, toPubSubError } from "./errors.ts";
import { topicId } from "./names.ts";
import type { CallOptions, WireOutgoing } from "./connection/rpc.ts";

const PUBLISH_DEADLINE_MS = 60_000;
/**
 * Requests under way for one topic. The service permits 100 on a connection and lets gRPC queue the rest; the emulator permits
 * any number and makes a thread for each, so that many ordering keys, a request each, end it.
 */
const MAX_REQUESTS = 100;

/**
 * Publishes core's batches as they are: one request each, except that the service wants all messages of a request to
 * have the same ordering key, so every message with a key is a request of its own. The pause of a key after a failure is core's.
 */
export class GcpPublisher implements DriverPublisher {
  readonly #connection: Connection;
  readonly #topic: string;
  readonly #options: CallOptions;
  readonly #attempted: Attempted;
  readonly #waiting: (readonly PublishRequest[])[] = [];
  #requests = 0;

  constructor(connection: Connection, topic: TopicSpec) {
    this.#connection = connection;
    this.#topic = `projects/${connection.projectId}/topics/${topicId(connection.options.prefix, topic)}`;
    this.#options = { metadata: connection.metadata("topic", this.#topic), deadlineMs: PUBLISH_DEADLINE_MS };
    this.#attempted = { verb: "publish to", resource: `topic ${this.#topic}`, role: "roles/pubsub.publisher" };
  }

  sizeOf(message: OutgoingMessage): number {
    return sizeOf(message);
  }

  publish(batch: readonly PublishRequest[]): void {
    let together: PublishRequest[] | undefined;
    for (const request of batch) {
      if (!request.awaited) continue;
      if (request.orderingKey !== undefined) this.#send([request]);
      else if (together === undefined) together = [request];
      else together.push(request);
    }
    if (together !== undefined) this.#send(together);
  }

  async close(): Promise<void> {}

  #send(requests: readonly PublishRequest[]): void {
    if (this.#requests >= MAX_REQUESTS) {
      this.#waiting.push(requests);
      return;
    }
    const { publishing, methods } = this.#connection;
    const messages: WireOutgoing[] = requests.map(encode);
    this.#requests += 1;
    publishing.call(methods.publish, { topic: this.#topic, messages }, this.#options, (error) => {
      this.#requests -= 1;
      this.#sendNext();
      if (error === null || error === undefined) {
        for (const request of requests) request.accept();
        return;
      }
      // Nothing of a refused request was stored, and only one of its messages need be at fault.
      if (requests.length > 1 && statusOf(error) === Status.INVALID_ARGUMENT) {
        for (const request of requests) this.#send([request]);
        return;
      }
      const reason = toPubSubError(error, this.#attempted);
      for (const request of requests) request.reject(reason);
    });
  }

  /** Those that core no longer waits for are not sent. */
  #sendNext(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const awaited = next.filter((request) => request.awaited);
      if (awaited.length > 0) return this.#send(awaited);
    }
    return undefined;
  }
}
