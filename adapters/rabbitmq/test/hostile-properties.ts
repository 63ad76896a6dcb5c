import type { Random } from "@anytopic/conformance";
import { longString, nestedTables, type RawProperty, shortString, tableEntry } from "./raw-publisher.ts";

const SHORT_STRINGS: readonly RawProperty[] = [
  "contentType",
  "contentEncoding",
  "correlationId",
  "replyTo",
  "messageId",
  "type",
  "appId",
  "clusterId",
];

/** Names with a meaning for the broker, the client library, JavaScript or this adapter. */
const NAMES: readonly string[] = [
  "",
  "!",
  "value",
  "__proto__",
  "constructor",
  "toString",
  "x-delivery-count",
  "x-death",
  "timestamp_in_ms",
  "anytopic-key",
  "anytopic-attempt",
  "anytopic-order",
  "anytopic-dead-letter",
  "anytopic-attr:",
  "x".repeat(255),
];

/** Types of values in a table, with their sizes in bytes; some types do not exist. */
const FIXED: readonly (readonly [string, number])[] = [
  ["t", 1],
  ["b", 1],
  ["B", 1],
  ["s", 2],
  ["u", 2],
  ["I", 4],
  ["i", 4],
  ["l", 8],
  ["f", 4],
  ["d", 8],
  ["D", 5],
  ["T", 8],
  ["V", 0],
  ["U", 2],
  ["L", 8],
  ["\u0000", 0],
  ["\u00ff", 3],
];

/** For a short string. Invalid UTF-8 takes three times as much after a client library has read it as text. */
const MOST_BYTES = 255;

/** Properties that no client library would send, as bytes: a broker accepts many of them. */
export function hostileProperties(random: Random): Partial<Record<RawProperty, Uint8Array>> {
  const properties: Partial<Record<RawProperty, Uint8Array>> = {};
  for (const name of SHORT_STRINGS)
    if (random.next() < 0.2) properties[name] = shortString(anyText(random, MOST_BYTES));
  if (random.next() < 0.2) properties.timestamp = random.bytes(8);
  if (random.next() < 0.2) properties.deliveryMode = random.bytes(1);
  if (random.next() < 0.2) properties.priority = random.bytes(1);
  if (random.next() < 0.9)
    properties.headers = random.next() < 0.1 ? nestedTables(random.integer(1, 6000)) : table(random, 0);
  return properties;
}

function anyText(random: Random, most: number): Uint8Array {
  const length = random.integer(0, random.next() < 0.2 ? most : 20);
  if (random.next() < 0.5) return random.bytes(length);
  return Buffer.alloc(length, random.next() < 0.5 ? 0xff : "a");
}

function table(random: Random, depth: number): Buffer {
  const entries = Array.from({ length: random.integer(0, 5) }, () => {
    const [type, value] = field(random, depth);
    const known = random.next() < 0.5;
    return tableEntry(known ? NAMES[random.integer(0, NAMES.length - 1)]! : anyText(random, MOST_BYTES), type, value);
  });
  return lying(random, longString(...entries));
}

function field(random: Random, depth: number): readonly [type: string, value: Uint8Array] {
  const kind = random.next();
  if (kind < 0.25) return [random.next() < 0.5 ? "S" : "x", lying(random, longString(anyText(random, 2000)))];
  if (kind < 0.35 && depth < 5) return ["F", table(random, depth + 1)];
  if (kind < 0.45 && depth < 5) {
    const values = Array.from({ length: random.integer(0, 4) }, () => field(random, depth + 1));
    return ["A", lying(random, longString(...values.flatMap(([type, value]) => [Buffer.from(type, "latin1"), value])))];
  }
  const [type, bytes] = FIXED[random.integer(0, FIXED.length - 1)]!;
  return [type, random.next() < 0.02 ? random.bytes(bytes + 1) : random.bytes(bytes)];
}

/** Sometimes a wrong length. */
function lying(random: Random, value: Buffer): Buffer {
  if (random.next() < 0.03) value.writeUInt32BE(random.integer(0, 2 * value.length), 0);
  return value;
}
