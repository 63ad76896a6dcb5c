import { defineTopic, type StandardSchema } from "@anytopic/core";
import { behaviour, type Behaviour } from "../../behaviour.ts";
import { check, equal, equalBytes, rejects } from "../../expect.ts";

/** Accepts a date as a `Date` only, or also as text. */
const dateSchema = (takesText: boolean): StandardSchema<{ at: Date | string }, { at: Date }> => ({
  "~standard": {
    version: 1,
    vendor: "anytopic-conformance",
    validate(value) {
      const at = (value as { readonly at?: unknown }).at;
      if (at instanceof Date) return { value: { at } };
      if (takesText && typeof at === "string") return { value: { at: new Date(at) } };
      return { issues: [{ message: "must be a Date", path: ["at"] }] };
    },
  },
});

const EXACT: readonly unknown[] = [
  { coupon: null, list: [null, [], {}, "", 0], deep: { a: { b: { c: [[[null]]] } } } },
  { min: Number.MIN_VALUE, max: -Number.MAX_VALUE, third: 1 / 3, safe: Number.MAX_SAFE_INTEGER },
  { "": "empty key", __proto: "p", "a.b": "dot", "ключ ☺": "\u0000\r\n\t\u2028\uD800 \u{1F600}" },
  [],
  null,
  "text",
  false,
];

export const exactJson: Behaviour = behaviour({
  id: "publish.exact-json",
  rows: [37],
  statements: ["C3", "C18"],
  title:
    "an event that JSON can carry arrives unchanged; one that JSON would change, or the schema would refuse on arrival, is INVALID_MESSAGE at publish, which names the place",
  tier: "smoke",
  async run(context) {
    const pubsub = await context.open();
    const topic = context.declare(defineTopic(context.name()));
    const subscription = context.subscription(topic);
    const wrong = context.declare(defineTopic(context.name(), { schema: dateSchema(false) }));
    const right = context.declare(defineTopic(context.name(), { schema: dateSchema(true) }));
    const dates = context.subscription(right);
    await pubsub.apply([topic, subscription, wrong, right, dates]);
    const arrived = new Map<string, { readonly event: unknown; readonly body: Uint8Array }>();
    await pubsub.subscribe(subscription, (event, { id, body }) => {
      arrived.set(id, { event, body: Uint8Array.from(body) });
    });
    const got: unknown[] = [];
    await pubsub.subscribe(dates, (event) => void got.push(event));

    const at = new Date(Date.UTC(2026, 10, 26));
    const before = context.traffic.publishRequests;
    for (const part of [at, new Map([["k", "v"]]), Number.NaN, [undefined], () => 1, 1n]) {
      const error = await rejects(
        pubsub.publish(topic, { lines: [{ part }] }),
        "INVALID_MESSAGE",
        `an event with ${Object.prototype.toString.call(part)}`,
      );
      check(error.message.includes("event.lines[0].part"), `the error to name the place: ${error.message}`);
    }
    const refused = await rejects(pubsub.publish(wrong, { at }), "INVALID_MESSAGE", "a Date that would arrive as text");
    check(refused.message.includes("event.at"), `the error to name the place: ${refused.message}`);
    equal(context.traffic.publishRequests, before, "the publish requests that reached the driver");

    await pubsub.publish(right, { at });
    const ids = await Promise.all(EXACT.map((event) => pubsub.publish(topic, event)));
    await context.eventually(
      () => arrived.size === ids.length && got.length > 0,
      () => `${ids.length} messages and a date; ${arrived.size} and ${got.length} arrived`,
    );
    for (const [index, event] of EXACT.entries()) {
      const received = arrived.get(ids[index] ?? "");
      equal(received?.event, event, `event ${index}`);
      equalBytes(received?.body ?? new Uint8Array(), Buffer.from(JSON.stringify(event)), `the body of event ${index}`);
    }
    equal(got, [{ at }], "the date that its schema takes as text too");
  },
});
