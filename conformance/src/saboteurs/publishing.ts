import {
  PubSubError,
  type Attributes,
  type DriverPublisher,
  type OutgoingMessage,
  type PublishRequest,
} from "@anytopic/core/driver";
import { forwardPublisher, forwardRequest } from "../intercept.ts";
import { sabotageDriver, sabotagePublish, type Saboteur } from "./saboteur.ts";

/** Accepts everything, and throws it away. */
const LIAR: DriverPublisher = {
  sizeOf: (message: OutgoingMessage) => message.body.byteLength,
  publish: (batch) => batch.forEach((request) => request.accept()),
  close: () => Promise.resolve(),
};

/** Applies a change to every attribute; `undefined` drops it. */
function withAttributes(
  request: PublishRequest,
  change: (key: string, value: string) => readonly [string, string] | undefined,
): PublishRequest {
  const changed = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(request.attributes)) {
    const entry = change(key, value);
    if (entry !== undefined) changed[entry[0]] = entry[1];
  }
  return forwardRequest(request, { attributes: changed satisfies Attributes });
}

function withoutNulls(body: Uint8Array): Uint8Array {
  try {
    const tidy = (_key: string, value: unknown): unknown => (value === null ? undefined : value);
    return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString()), tidy) ?? "null");
  } catch {
    return body;
  }
}

function withNumbers(body: Uint8Array): Uint8Array {
  try {
    const guessed = (_key: string, value: unknown): unknown =>
      typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString(), guessed)) ?? "null");
  } catch {
    return body;
  }
}

let published = 0;

export const publishing: readonly Saboteur[] = [
  {
    name: "lying-publisher",
    wrong: "publishes that the broker refused are reported as accepted",
    killedBy: ["publish.missing-topic", "publish.deleted-topic"],
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        try {
          const publisher = await driver.openPublisher(topic);
          return forwardPublisher(publisher, {
            publish: (batch) =>
              publisher.publish(batch.map((request) => forwardRequest(request, { reject: () => request.accept() }))),
          });
        } catch {
          return LIAR;
        }
      },
    })),
  },
  {
    name: "own-trace",
    wrong:
      "the trace context of a message is replaced by the adapter's own, as instrumentations of client libraries do",
    killedBy: ["instrumentation.added-attributes"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) =>
        withAttributes(request, (key, value) =>
          key === "traceparent" ? [key, `00-${"3".repeat(32)}-01`] : [key, value],
        ),
      ),
    ),
  },
  {
    name: "lose-accepted",
    wrong: "one accepted message in ten never reaches the broker",
    killedBy: ["publish.batch", "delivery.fan-out"],
    sabotage: sabotagePublish((batch) =>
      batch.filter((request) => {
        published += 1;
        if (published % 10 !== 0) return true;
        request.accept();
        return false;
      }),
    ),
  },
  {
    name: "never-answer",
    wrong: "publishes are passed to the broker and never answered",
    killedBy: ["publish.window"],
    sabotage: sabotagePublish((batch) => batch.map((request) => forwardRequest(request, { accept: () => undefined }))),
  },
  {
    name: "fail-the-batch",
    wrong: "a batch with one failure is rejected as a whole, though the others were stored",
    killedBy: ["publish.key-pause"],
    sabotage: sabotagePublish((batch) => {
      const failed = batch.some(({ orderingKey }) => orderingKey === "good");
      const reject = (request: PublishRequest) => (): void =>
        request.reject(new PubSubError("UNAVAILABLE", "a neighbour failed"));
      return failed ? batch.map((request) => forwardRequest(request, { accept: reject(request) })) : batch;
    }),
  },
  {
    name: "truncate-attributes",
    wrong: "attribute values are cut at sixteen characters",
    killedBy: ["publish.weird-attributes", "publish.attribute-limits"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => withAttributes(request, (key, value) => [key, value.slice(0, 16)])),
    ),
  },
  {
    name: "drop-empty-attributes",
    wrong: "attributes with an empty value are left out",
    killedBy: ["publish.weird-attributes"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => withAttributes(request, (key, value) => (value === "" ? undefined : [key, value]))),
    ),
  },
  {
    name: "lower-case-keys",
    wrong: "attribute keys are normalised like HTTP headers",
    killedBy: ["publish.weird-attributes"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => withAttributes(request, (key, value) => [key.toLowerCase(), value])),
    ),
  },
  {
    name: "limit-found-late",
    wrong: "attributes that exceed a limit on their total size are refused only when they are sent",
    killedBy: ["publish.attributes-together"],
    sabotage: sabotagePublish((batch) =>
      batch.filter((request) => {
        const bytes = Buffer.byteLength(Object.values(request.attributes).join(""));
        if (bytes < 32_768) return true;
        request.reject(new PubSubError("LIMIT_EXCEEDED", `attributes are ${bytes} bytes together`));
        return false;
      }),
    ),
  },
  {
    name: "refill-one-buffer",
    wrong:
      "the messages of a batch are written into one buffer, each over the one before, so that all are sent with the last one's content",
    killedBy: ["publish.value-at-call"],
    sabotage: sabotagePublish((batch) => {
      const buffer = Buffer.alloc(Math.max(...batch.map(({ body }) => body.byteLength)));
      return batch.map((request) => {
        buffer.set(request.body);
        return forwardRequest(request, { body: buffer.subarray(0, request.body.byteLength) });
      });
    }),
  },
  {
    name: "tidy-json",
    wrong: "JSON is parsed in transit and written again without the fields that are null",
    killedBy: ["publish.exact-json"],
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => forwardRequest(request, { body: withoutNulls(request.body) })),
    ),
  },
  {
    name: "forget-keys",
    wrong: "ordering keys are not passed on",
    killedBy: ["ordering.per-key", "dead-letters.contents"],
    sabotage: sabotagePublish((batch) => batch.map((request) => forwardRequest(request, { orderingKey: undefined }))),
  },
  {
    name: "guess-types",
    wrong: "texts of digits in JSON become numbers in transit",
    killedBy: ["publish.schema"],
    says: "the valid event",
    sabotage: sabotagePublish((batch) =>
      batch.map((request) => forwardRequest(request, { body: withNumbers(request.body) })),
    ),
  },
  {
    name: "unroutable",
    wrong: "a message that no subscription gets is refused as unroutable",
    killedBy: ["publish.without-subscription"],
    says: "no queue is bound",
    sabotage: sabotageDriver((driver) => {
      const bound = new Set<string>();
      return {
        apply(topology, options) {
          for (const { topic } of topology.subscriptions) bound.add(topic.name);
          return driver.apply(topology, options);
        },
        openPublisher: async (topic) => {
          const publisher = await driver.openPublisher(topic);
          return forwardPublisher(publisher, {
            publish(batch) {
              if (bound.has(topic.name)) return publisher.publish(batch);
              for (const request of batch) request.reject(new PubSubError("REJECTED", "no queue is bound"));
            },
          });
        },
      };
    }),
  },
  {
    name: "accept-before-sending",
    wrong: "publishes are accepted when they are buffered, and what is buffered at close is lost",
    killedBy: ["shutdown.publishes"],
    says: "to complete",
    sabotage: sabotageDriver((driver) => ({
      openPublisher: async (topic) => {
        const publisher = await driver.openPublisher(topic);
        let buffer: PublishRequest[] = [];
        const flush = (): void => {
          const batch = buffer;
          buffer = [];
          if (batch.length > 0) publisher.publish(batch);
        };
        return forwardPublisher(publisher, {
          publish(batch) {
            for (const request of batch) {
              if (buffer.push(forwardRequest(request, { awaited: true, accept: () => undefined })) === 1)
                setTimeout(flush, 500);
              request.accept();
            }
          },
          close(timeoutMs) {
            buffer = [];
            return publisher.close(timeoutMs);
          },
        });
      },
    })),
  },
];
