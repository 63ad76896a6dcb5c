import { runInNewContext } from "node:vm";

import { connect, defineTopic, type StandardSchema } from "@anytopic/core";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { ScriptedAdapter } from "./scripted-adapter.ts";

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
  toJSON(): string {
    return `${this.cents} ct`;
  }
}

class Point {
  readonly x = 1;
  readonly y = 2;
}

class Hidden {
  readonly #secret = 1;
  get secret(): number {
    return this.#secret;
  }
}

const toMap = (value: unknown): unknown => (value instanceof Map ? value : new Map(Object.entries(value as object)));

const Any = defineTopic("any");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const cyclic: Record<string, unknown> = { inner: {} };
(cyclic["inner"] as Record<string, unknown>)["back"] = cyclic;

/** What a publish came to: the body that was sent, or the error. */
async function outcome<Input>(
  event: Input,
  topic = Any as ReturnType<typeof defineTopic<Input, unknown>>,
): Promise<unknown> {
  const adapter = new ScriptedAdapter({ maxMessageBytes: 100_000 });
  const pubsub = await connect(adapter);
  const published = pubsub.publish(topic, event).catch((error: unknown) => error);
  await turn();
  await turn();
  adapter.requests[0]?.accept();
  const answer = await published;
  return answer instanceof Error ? answer : Buffer.from(adapter.requests[0]?.body ?? []).toString();
}

describe("without a schema, a topic in JSON", () => {
  it.each([
    ["a Date", { at: new Date(0) }, /event\.at is a Date, which arrives as text.*toISOString/],
    ["an invalid Date", { at: new Date(Number.NaN) }, /event\.at is an invalid Date/],
    ["a Map", { m: new Map([[1, 2]]) }, /event\.m is a Map, which arrives as \{\}/],
    ["a Set", { inner: { s: new Set([1]) } }, /event\.inner\.s is a Set/],
    ["NaN", { n: Number.NaN }, /event\.n is NaN, which arrives as null/],
    ["Infinity", [1, -Infinity], /event\[1\] is -Infinity/],
    ["a bigint", { lines: [{ n: 1n }] }, /event\.lines\[0\]\.n is a bigint/],
    ["undefined in an array", { list: [1, undefined] }, /event\.list\[1\] is undefined in an array/],
    ["a hole", { list: new Array<number>(1) }, /event\.list\[0\] is undefined in an array/],
    ["a function", { run: () => 1 }, /event\.run is a function, which is left out/],
    ["a symbol", { s: Symbol("s") }, /event\.s is a symbol/],
    ["an object with toJSON", { "the price": new Money(5) }, /event\["the price"\] is an object of class Money/],
    ["bytes", { b: Buffer.from("x") }, /event\.b is a Buffer.*base64/],
    ["a boxed number", { n: Object(1) as unknown }, /event\.n is a Number object/],
    ["an error", { e: new Error("x") }, /event\.e is an object of class Error/],
    ["a pattern", { r: /x/ }, /event\.r is an object of class RegExp/],
    ["an object that hides its fields", { h: new Hidden() }, /event\.h is an object of class Hidden/],
    ["a cycle", cyclic, /event\.inner\.back is a reference back/],
    ["a Date itself", new Date(0), /event is a Date/],
  ])("refuses %s and says where", async (_name, event, message) => {
    expect(await outcome(event)).toMatchObject({ code: "INVALID_MESSAGE", message: expect.stringMatching(message) });
  });

  it.each([
    ["fields that are undefined", { a: 1, b: undefined }, '{"a":1}'],
    ["an object of a class", { p: new Point() }, '{"p":{"x":1,"y":2}}'],
    ["no prototype", Object.assign(Object.create(null) as object, { a: [null, true] }), '{"a":[null,true]}'],
    ["another realm's objects", runInNewContext("({ a: {}, b: [1] })") as unknown, '{"a":{},"b":[1]}'],
    ["-0", { n: -0 }, '{"n":0}'],
    ["a lone surrogate", { s: "\uD800" }, '{"s":"\\ud800"}'],
    ["a key named __proto__", JSON.parse('{"__proto__":1}') as unknown, '{"__proto__":1}'],
    ["the same object twice", ((one) => [one, one])({ a: 1 }), '[{"a":1},{"a":1}]'],
  ])("takes %s", async (_name, event, body) => {
    expect(await outcome(event)).toBe(body);
  });

  it("shows no more than three places, and no value", async () => {
    const error = (await outcome({ a: Number.NaN, b: new Money(4711), c: Number.NaN, d: Number.NaN })) as Error;
    expect(error.message).toMatch(/event\.a.*event\.b.*event\.c.*more of the kind/);
    expect(error.message).not.toContain("4711");
  });
});

const slow = <Input, Output>(schema: StandardSchema<Input, Output>): StandardSchema<Input, Output> => ({
  "~standard": {
    ...schema["~standard"],
    validate: async (value) => {
      await turn();
      return await schema["~standard"].validate(value);
    },
  },
});

describe.each(["now", "later"] as const)("a schema that answers %s", (when) => {
  const topicOf = <Input, Output>(schema: StandardSchema<Input, Output>) =>
    defineTopic("checked", { schema: when === "now" ? schema : slow(schema) }) as never;
  const at = new Date(Date.UTC(2026, 10, 26));
  const wire = '{"at":"2026-11-26T00:00:00.000Z"}';

  it.each([
    [
      "z.date()",
      z.object({ at: z.date() }),
      { at },
      /event\.at is a Date, which arrives as text, and the topic's schema refuses it then \(at: .*z\.coerce\.date/,
    ],
    ["v.date()", v.object({ at: v.date() }), { at }, /event\.at is a Date/],
    ["z.unknown()", z.object({ at: z.unknown() }), { at }, /event\.at is a Date.*makes something else of it then/],
    ["either", z.object({ at: z.union([z.date(), z.string()]) }), { at }, /makes something else of it then/],
    [
      "a Map made from what is left of one",
      z.object({ m: z.preprocess(toMap, z.map(z.string(), z.number())) }),
      { m: new Map([["a", 1]]) },
      /event\.m is a Map.*makes something else of it then/,
    ],
    [
      "z.instanceof()",
      z.object({ p: z.instanceof(Point) }),
      { p: new Point() },
      /event\.p is an object of class Point, which arrives as a plain object/,
    ],
    [
      "a key that must be there",
      v.object({ a: v.undefinedable(v.string()) }),
      { a: undefined },
      /event\.a is undefined, which is left out/,
    ],
  ])("does not let pass what it would refuse or change on arrival: %s", async (_name, schema, event, message) => {
    expect(await outcome<unknown>(event, topicOf(schema as StandardSchema))).toMatchObject({
      code: "INVALID_MESSAGE",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ["z.coerce.date()", z.object({ at: z.coerce.date() }), { at }, wire],
    [
      "text into a Date",
      z.object({ at: z.iso.datetime().transform((text) => new Date(text)) }),
      { at: at.toISOString() },
      wire,
    ],
    [
      "a Date or text into a number",
      z.object({ at: z.union([z.date(), z.string()]).transform((d) => new Date(d).getTime()) }),
      { at },
      wire,
    ],
    [
      "a default that differs each time",
      z.object({ at: z.coerce.date(), seen: z.number().default(() => Math.random()) }),
      { at },
      wire,
    ],
    ["what it strips", z.object({ n: z.number() }), { n: 1, run: () => 1 }, '{"n":1}'],
    ["an object of a class", z.object({ p: z.object({ x: z.number() }) }), { p: new Point() }, '{"p":{"x":1,"y":2}}'],
    ["optional fields", z.object({ n: z.number(), o: z.string().optional() }), { n: 1, o: undefined }, '{"n":1}'],
  ])("lets pass what it takes in both forms: %s", async (_name, schema, event, body) => {
    const topic = topicOf(schema as StandardSchema);
    for (let round = 0; round < 3; round += 1) expect(await outcome<unknown>(event, topic)).toBe(body);
  });
});

it("asks a schema once more only until it has taken a place's other form", async () => {
  let calls = 0;
  const schema = z.object({ lines: z.array(z.object({ o: z.string().optional() })) });
  const counting: StandardSchema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => {
        calls += 1;
        return schema["~standard"].validate(value);
      },
    },
  };
  const topic = defineTopic("counted", { schema: counting });
  const rounds: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    calls = 0;
    await outcome<unknown>({ lines: [{ o: undefined }, { o: "x" }, { o: undefined }] }, topic);
    rounds.push(calls);
  }
  // The first also finds out whether it answers at once.
  expect(rounds).toEqual([3, 1, 1]);
});

/** So deep that encoding it, or looking at it, exhausts the stack. */
function nested(depth: number): unknown {
  let event: unknown = 1;
  for (let level = 0; level < depth; level += 1) event = level % 2 === 0 ? [event] : { event };
  return event;
}

/** Can be encoded, and throws when it is looked at once more. */
function seenOnce(): object {
  let looks = 0;
  return {
    get part(): number {
      looks += 1;
      if (looks > 1) throw new Error("the secret of this getter");
      return 1;
    },
  };
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return { proxy };
}

describe.each([
  ["without a schema", Any],
  ["with a schema", defineTopic("schema", { schema: z.unknown() })],
])("an event that cannot be looked at, %s, is INVALID_MESSAGE and nothing else:", (_name, topic) => {
  it.each([
    ["nested 5,000 deep", nested(5000), /nested too deeply/],
    ["nested a million deep", nested(1_000_000), /nested too deeply/],
    ["a getter that throws the second time", seenOnce(), /cannot encode/],
    ["a revoked proxy", revoked(), /cannot encode/],
  ])("%s", async (_what, event, words) => {
    const error = (await outcome<unknown>(event, topic)) as Error;
    expect(error).toMatchObject({ code: "INVALID_MESSAGE", message: expect.stringMatching(words) });
    expect(error.message).not.toContain("secret");
  });
});
