import type { HostilePublisher, Random } from "@anytopic/conformance";
import type { PlainClient } from "./plain-client.ts";

type Field = string | Buffer;
interface Made {
  readonly what: string;
  readonly fields: readonly Field[];
}

/** Adds entries as anybody may who can write to the topic's stream. */
export function hostilePublisher(client: PlainClient): HostilePublisher {
  return {
    async publish(topic, body, random) {
      const { what, fields } = hostileFields(random);
      const own = ["data", Buffer.from(body)];
      // Among the others, so that the first one and the last one occur.
      const at = 2 * random.integer(0, fields.length / 2);
      const all = what.startsWith("data twice") ? [...own, ...fields] : fields.toSpliced(at, 0, ...own);
      const stored = await client.send("XADD", topic, "*", ...all).then(
        () => true,
        () => false,
      );
      return { stored, what };
    },
  };
}

function hostileFields(random: Random): Made {
  const bytes = (): Buffer => Buffer.from([0xff, 0xfe, 0xc3, random.integer(0, 255)]);
  const kinds: readonly (() => Made)[] = [
    () => made("nothing else", []),
    () => made("an empty name", ["", "x"]),
    () => made("control characters", ["a\u0000\u001b[2J", "\u0007\u009b"]),
    () => made("bytes that are no UTF-8", ["a", bytes()]),
    () => made("a name of such bytes", [bytes(), "b"]),
    () => made("a key of such bytes", ["anytopic-key", bytes()]),
    () => made("a long value", ["a", "x".repeat(random.integer(10_000, 2_000_000))]),
    () => made("many names", Array.from({ length: random.integer(500, 6000) }, (_, n) => [`n${n}`, "v"]).flat()),
    () => made("a name many times", Array.from({ length: random.integer(500, 3000) }, () => ["a", "b"]).flat()),
    () => made("a prototype's names", ["__proto__", "a", "constructor", "b", "toString", "c"]),
    () => made("data twice", ["data", "another body", "data", ""]),
    () => made("another spelling of data", ["anytopic-attribute:data", "x", "DATA", "y"]),
    () => made("a false attribute", ["anytopic-attribute:anytopic-dead-letter", "{}"]),
    () => field("anytopic-id", random, ["", "x".repeat(20_000), "\u001b[31m", "a b", "\u0000", "æøå"]),
    () => field("anytopic-again", random, ["0 0-0 1 1", "99 1-0 1 0", "", "x"]),
    () => field("anytopic-packed", random, ["", "x", "\u0000\u0000\u0000\u0001"]),
    () => field("anytopic-failed", random, ["0", "-1", "1e9", "NaN"]),
    () => field("anytopic-published", random, ["1e300", "-1e300", "NaN", ""]),
    () => field("anytopic-key", random, ["", "%", "\u0000", "~", "x".repeat(9000)]),
    () => field("anytopic-raw-fields", random, ["", "!", "x".repeat(9000)]),
    () => field("ANYTOPIC-KEY", random, ["", "k"]),
    () =>
      field("anytopic-dead-letter", random, [
        "{",
        "null",
        '{"reason":"rejected","sub":"a/b","last":1e300,"attempts":-1}',
      ]),
  ];
  return (kinds[random.integer(0, kinds.length - 1)] as () => Made)();
}

const made = (what: string, fields: readonly Field[]): Made => ({ what, fields });

function field(name: string, random: Random, values: readonly string[]): Made {
  const value = values[random.integer(0, values.length - 1)] as string;
  return made(`${name}: ${JSON.stringify(value.slice(0, 40))}`, [name, value]);
}
