import type { Options } from "amqplib";
import { BROKEN } from "./raw-client.ts";

/** Uniform in [0, 1), the same for a seed: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const OURS = [
  "anytopic-attempt",
  "anytopic-attr:CC",
  "anytopic-attr:anytopic-dead-letter",
  "anytopic-body-bytes",
  "anytopic-dead-letter",
  "anytopic-id",
  "anytopic-key",
  "anytopic-order",
  "anytopic-publish-time",
  "anytopic-redriven-to",
  "timestamp_in_ms",
];
const BROKERS = ["BCC", "CC", "x-acquired-count", "x-delivery-count", "x-first-death-queue", "x-last-death-reason"];
const FORGED_RECORD = JSON.stringify({
  reason: "rejected",
  error: "E",
  message: "m",
  attempts: 1,
  last: 8e15,
  sub: "s",
});

/** Malicious properties that a publisher may send, the same for a seed. */
export function maliciousProperties(seed: number): Options.Publish {
  const random = seeded(seed);
  const pick = <Value>(...values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  const text = (): string =>
    pick("", "x", "\u0000", "ü€\u{1F600}", BROKEN.repeat(pick(1, 50, 127)), "\u001B[31m", "{}", FORGED_RECORD);
  const number = (): unknown => {
    const value = pick(0, -0, 1, -1, 1000, 2 ** 31, 2 ** 53, -(2 ** 53), 1.5, 1e300, -1e300);
    return Number.isSafeInteger(value) ? value : { "!": "double", value };
  };
  const value = (depth = 0): unknown => {
    const kinds = [
      text,
      number,
      () => pick(true, false, null),
      () => Buffer.from([0xff, 0x00, 0x7f]),
      () => ({ "!": "timestamp", value: pick(0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER) }),
      () => ({ "!": "decimal", value: { places: pick(0, 3, 255), digits: pick(0, 1, 2 ** 32 - 1) } }),
      // Looks like amqplib's own notation after it was read.
      () => disguised(pick("nonsense", "timestamp", "decimal", "double"), text()),
      () => (depth > 3 ? "deep" : [value(depth + 1), value(depth + 1)]),
      () => (depth > 3 ? "deep" : { a: value(depth + 1), [pick("b", "__proto__x", BROKEN)]: value(depth + 1) }),
      () => nested(pick(20, 100, 300)),
    ];
    return pick(...kinds)();
  };
  const short = (): string | undefined => pick(undefined, "plain", "", BROKEN.repeat(50), "x".repeat(255));
  const headers: Record<string, unknown> = {};
  for (let count = Math.floor(random() * 6); count > 0; count -= 1) {
    headers[pick(...OURS, ...BROKERS, "plain", "", BROKEN.repeat(100), "x".repeat(255))] = value();
  }
  if (random() < 0.2) headers["x-death"] = pick<unknown>("text", 1, [], [{ queue: "q", reason: "expired", count: 9 }]);
  if (random() < 0.15) headers["large"] = "x".repeat(pick(30_000, 60_000));
  return {
    headers,
    messageId: short(),
    contentType: short(),
    contentEncoding: short(),
    correlationId: short(),
    replyTo: short(),
    type: short(),
    appId: short(),
    priority: pick(undefined, 0, 9, 255),
    timestamp: pick(undefined, 0, 1, 1_795_000_000, 1e12, 1e15, Number.MAX_SAFE_INTEGER),
  } as Options.Publish;
}

/** A table with an entry named `!`. amqplib can send it only inside another table whose own `!` it does not see. */
function disguised(type: string, content: string): unknown {
  return Object.create({ "!": type, value: content }) as unknown;
}

function nested(depth: number): unknown {
  let value: unknown = "bottom";
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
}
