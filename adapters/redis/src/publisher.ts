import type { DriverPublisher, PublishRequest, TopicSpec } from "@anytopic/core/driver";
import { appendFields, encodeFields } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { notFound, toPubSubError } from "./errors.ts";
import { DEDUPLICATION_WINDOW_MS } from "./limits.ts";
import { redisMessageLimits } from "./message-limits.ts";
import type { TopicNames } from "./names.ts";
import { PUBLISH_ONCE } from "./scripts/publish-once.ts";
import { idTimeMs } from "./wire/entry.ts";

/** Publishes to one topic. Every message is a command of its own; all of a batch are written together. */
export class RedisPublisher implements DriverPublisher {
  readonly sizeOf: DriverPublisher["sizeOf"] = redisMessageLimits().sizeOf;
  readonly #connection: Connection;
  readonly #topic: TopicSpec;
  readonly #names: TopicNames;
  /** The server's time of the last publish, Unix ms. */
  #serverMs = 0;

  constructor(connection: Connection, topic: TopicSpec, names: TopicNames) {
    this.#connection = connection;
    this.#topic = topic;
    this.#names = names;
  }

  publish(batch: readonly PublishRequest[]): void {
    if (this.#topic.exactlyOnce) {
      void this.#publishOnce(batch);
      return;
    }
    const send = this.#connection.publishing(this.#names.stream);
    const last = batch.length - 1;
    for (let at = 0; at <= last; at += 1) {
      const request = batch[at] as PublishRequest;
      this.#answer(request, send(this.#command(request, at === 0), at === last), at === 0);
    }
  }

  async close(): Promise<void> {}

  #command(request: PublishRequest, trims: boolean): readonly (string | Buffer)[] {
    const { stream } = this.#names;
    return appendFields(
      trims ? ["XADD", stream, "NOMKSTREAM", ...this.#trimming(), "*"] : ["XADD", stream, "NOMKSTREAM", "*"],
      request,
    );
  }

  #answer(request: PublishRequest, reply: Promise<unknown>, trims: boolean): void {
    reply.then(
      (id) => {
        if (id === null) return request.reject(this.#notFound());
        if (trims) this.#serverMs = idTimeMs((id as Buffer).toString());
        return request.accept();
      },
      (error: unknown) => request.reject(toPubSubError(error, this.#what)),
    );
  }

  async #publishOnce(batch: readonly PublishRequest[]): Promise<void> {
    const args: (string | Buffer)[] = [String(DEDUPLICATION_WINDOW_MS), String(this.#topic.retentionMs)];
    for (const request of batch) {
      const fields = encodeFields(request);
      args.push(request.id, String(fields.length), ...fields);
    }
    try {
      const reply = await this.#connection.script(PUBLISH_ONCE, [this.#names.stream, ...this.#names.seen], args, true);
      for (const request of batch)
        if (reply === null) request.reject(this.#notFound());
        else request.accept();
    } catch (error) {
      const mapped = toPubSubError(error, this.#what);
      for (const request of batch) request.reject(mapped);
    }
  }

  /** Deletes what is older than the topic's retention, by the server's clock: ours may be wrong. */
  #trimming(): readonly string[] {
    const nowMs = Math.min(this.#serverMs, this.#connection.context.clock.now());
    const oldestMs = Math.floor(nowMs - this.#topic.retentionMs);
    return oldestMs > 0 ? ["MINID", "~", String(oldestMs)] : [];
  }

  #notFound(): ReturnType<typeof notFound> {
    return notFound(`stream ${this.#names.stream}`);
  }

  get #what(): string {
    return `publish to stream ${this.#names.stream}`;
  }
}
