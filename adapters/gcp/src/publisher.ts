import type { DriverPublisher, PublishRequest, TopicSpec } from "@anytopic/core/driver";
import { encodeMessage } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { Status, statusOf, toPubSubError } from "./errors.ts";
import { gcpMessageLimits } from "./message-limits.ts";
import { topicId } from "./names.ts";
import type { CallOptions, WireOutgoing } from "./connection/rpc.ts";

const PUBLISH_DEADLINE_MS = 60_000;
/**
 * Pending requests for one topic. The service permits 100 on a connection and lets gRPC queue the rest. The emulator permits
 * any number and starts a thread for each: many ordering keys, with a request for each, would crash it.
 */
const MAX_REQUESTS = 100;

/**
 * Publishes each batch of core as one request. Messages with an ordering key are the exception: the service requires one key
 * per request, so each of them is a request of its own. Core pauses a key after a failure.
 */
export class GcpPublisher implements DriverPublisher {
  readonly sizeOf: DriverPublisher["sizeOf"] = gcpMessageLimits().sizeOf;
  readonly #connection: Connection;
  readonly #topic: string;
  readonly #options: CallOptions;
  readonly #waiting: (readonly PublishRequest[])[] = [];
  #requests = 0;

  constructor(connection: Connection, topic: TopicSpec) {
    this.#connection = connection;
    this.#topic = `projects/${connection.projectId}/topics/${topicId(connection.options.prefix, topic)}`;
    this.#options = {
      metadata: connection.metadata("topic", this.#topic),
      deadlineMs: PUBLISH_DEADLINE_MS,
      attempted: { verb: "publish to", resource: `topic ${this.#topic}`, role: "roles/pubsub.publisher" },
    };
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
    const messages: WireOutgoing[] = requests.map(encodeMessage);
    this.#requests += 1;
    publishing.call(methods.publish, { topic: this.#topic, messages }, this.#options, (error) => {
      this.#requests -= 1;
      this.#sendNext();
      if (error === null || error === undefined) {
        for (const request of requests) request.accept();
        return;
      }
      // Nothing of a refused request was stored, and perhaps only one of its messages is at fault.
      if (requests.length > 1 && statusOf(error) === Status.INVALID_ARGUMENT) {
        for (const request of requests) this.#send([request]);
        return;
      }
      const reason = toPubSubError(error, this.#options.attempted);
      for (const request of requests) request.reject(reason);
    });
  }

  /** Requests that core no longer waits for are not sent. */
  #sendNext(): void {
    let next: readonly PublishRequest[] = [];
    while (next.length === 0 && this.#waiting.length > 0)
      next = (this.#waiting.shift() ?? []).filter((request) => request.awaited);
    if (next.length > 0) this.#send(next);
  }
}
