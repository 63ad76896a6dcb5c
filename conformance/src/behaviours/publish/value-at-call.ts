import { defineTopic, type Attributes, type PubSub, type StandardSchema, type Topic } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import type { Context } from "../../context.ts";
import { equal, equalAttributes } from "../../expect.ts";

interface Reused {
  n: number;
}

/** A schema that reads the event one turn of the event loop after it was called. */
const later: StandardSchema<Reused> = {
  "~standard": {
    version: 1,
    vendor: "anytopic-conformance",
    async validate(value) {
      await new Promise((resolve) => setImmediate(resolve));
      const event = value as Reused;
      return event.n > 0 ? { value: event } : { issues: [{ message: "must be above 0", path: ["n"] }] };
    },
  },
};

export const valueAtCall: Behaviour = behaviour({
  id: "publish.value-at-call",
  rows: [1],
  statements: ["C31", "C3"],
  title:
    "event, bytes, attributes and id are published as they were when `publish` was called, whatever the caller does with them afterwards",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const plain = context.declare(defineTopic<Reused>(context.name()));
    const checked = context.declare(defineTopic(context.name(), { schema: later }));
    for (const topic of [plain, checked]) await reuses(context, pubsub, topic);
    await refills(context, pubsub);
  },
});

/** One event object, one attributes object and one options object for all: first before the topic is open, then after. */
async function reuses(context: Context, pubsub: PubSub, topic: Topic<Reused>): Promise<void> {
  const subscription = context.subscription(topic);
  await pubsub.apply([topic, subscription]);
  const arrived = new Map<string, { readonly event: Reused; readonly attributes: Attributes }>();
  await pubsub.subscribe(subscription, (event, { id, attributes }) => void arrived.set(id, { event, attributes }));
  const event: Reused = { n: 0 };
  const attributes: Record<string, string> = {};
  const options = { id: "", attributes };
  const ids: string[] = [];
  for (const numbers of [
    [1, 2, 3],
    [4, 5, 6],
  ]) {
    const published = numbers.map((n) => {
      event.n = n;
      attributes["n"] = String(n);
      options.id = `${topic.name}-${n}`;
      return n % 3 === 0
        ? pubsub.publishBatch(topic, [{ event, ...options }]).then(([result]) => (result?.ok === true ? result.id : ""))
        : pubsub.publish(topic, event, options);
    });
    event.n = -1;
    attributes["n"] = "changed";
    options.id = "changed";
    ids.push(...(await Promise.all(published)));
  }

  equal(
    ids,
    [1, 2, 3, 4, 5, 6].map((n) => `${topic.name}-${n}`),
    "the ids that were given",
  );
  await context.eventually(
    () => arrived.size === ids.length,
    () => `${ids.length} messages; ${arrived.size} arrived`,
  );
  for (const [index, id] of ids.entries()) {
    const got = arrived.get(id);
    equal(got?.event, { n: index + 1 }, `the event of message ${index + 1}`);
    equalAttributes(got?.attributes ?? {}, { n: String(index + 1) }, `the attributes of message ${index + 1}`);
  }
}

/** One buffer for all bodies. */
async function refills(context: Context, pubsub: PubSub): Promise<void> {
  const topic = context.declare(defineTopic<Uint8Array>(context.name(), { codec: "bytes" }));
  const subscription = context.subscription(topic);
  await pubsub.apply([topic, subscription]);
  const arrived = new Map<string, string>();
  await pubsub.subscribe(subscription, (body, { id }) => void arrived.set(id, Buffer.from(body).toString()));
  const buffer = Buffer.alloc(4);
  const sent: string[] = [];
  const ids: string[] = [];
  for (const texts of [
    ["aaaa", "bbbb"],
    ["cccc", "dddd"],
  ]) {
    const published = texts.map((text) => {
      buffer.write(text);
      return pubsub.publisher(topic).publish(buffer);
    });
    buffer.write("eeee");
    sent.push(...texts);
    ids.push(...(await Promise.all(published)));
  }

  await context.eventually(
    () => arrived.size === ids.length,
    () => `${ids.length} messages; ${arrived.size} arrived`,
  );
  equal(
    ids.map((id) => arrived.get(id)),
    sent,
    "the bodies, in the order of the calls",
  );
}
