import { createConnection, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import type { HostilePublisher, Random } from "@anytopic/conformance";

type Made = { readonly what: string; readonly block: Buffer };

const ANSWER_TIMEOUT_MS = 10_000;

/** Speaks the protocol over a plain socket: no client library would send such headers. Connects on first use. */
export function hostilePublisher(host: string, port: number): HostilePublisher & { close(): void } {
  let line: { readonly socket: Socket; readonly answers: Answers } | undefined;
  let sent = 0;
  const opened = (): { readonly socket: Socket; readonly answers: Answers } => {
    if (line !== undefined && !line.socket.destroyed) return line;
    const socket = createConnection({ host, port });
    socket.on("error", () => {});
    socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\nSUB _hostile.* 1\r\n');
    return (line = { socket, answers: new Answers(socket) });
  };
  return {
    async publish(topic, body, random) {
      const { what, block } = hostileHeaders(random);
      const { socket, answers } = opened();
      const reply = `_hostile.${(sent += 1)}`;
      const answer = answers.of(reply);
      socket.write(`HPUB ${topic} ${reply} ${block.length} ${block.length + body.length}\r\n`);
      socket.write(Buffer.concat([block, body, Buffer.from("\r\n")]));
      const text = await answer;
      // A refusal has a sequence too: 0.
      return { stored: text.includes('"seq"') && !/"(?:duplicate|error)"/.test(text), what };
    },
    close: () => void line?.socket.destroy(),
  };
}

/** JetStream's answer to each publish, by its reply subject. */
class Answers {
  readonly #waiting = new Map<string, (answer: string) => void>();
  readonly #lines: Interface;
  #for: string | undefined;

  constructor(socket: Socket) {
    this.#lines = createInterface({ input: socket });
    this.#lines.on("line", (line) => {
      if (line === "PING") socket.write("PONG\r\n");
      const [word, subject = ""] = line.split(" ");
      if (word === "MSG" || word === "HMSG") this.#for = subject;
      else if (this.#for !== undefined && line.startsWith("{")) {
        this.#waiting.get(this.#for)?.(line);
        this.#for = undefined;
      }
    });
  }

  of(reply: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const timer = setTimeout(() => resolve("no answer"), ANSWER_TIMEOUT_MS);
    this.#waiting.set(reply, (answer) => {
      clearTimeout(timer);
      this.#waiting.delete(reply);
      resolve(answer);
    });
    return promise;
  }
}

/** A header block that is broken, or that contains headers only we may write. */
function hostileHeaders(random: Random): Made {
  const kinds: readonly (() => Made)[] = [
    () => made("a name with a space", "NATS/1.0\r\na b: c\r\n\r\n"),
    () => made("no version", "a: b\r\n\r\n"),
    () => made("another version", "NATS/9.9\r\na: b\r\n\r\n"),
    () => made("no colon", "NATS/1.0\r\nnothing\r\n\r\n"),
    () => made("no name", "NATS/1.0\r\n: c\r\n\r\n"),
    () => made("no end", "NATS/1.0\r\na: b"),
    () => made("only an end", "\r\n\r\n"),
    () => made("control characters", "NATS/1.0\r\na\u0000\u001b[2J: \u0007\u009b\r\n\r\n"),
    () => made("bytes that are no UTF-8", Buffer.from("NATS/1.0\r\na: \xff\xfe\xc3\r\n\r\n", "latin1")),
    () => made("a name of such bytes", Buffer.from("NATS/1.0\r\n\xff\xfe: b\r\n\r\n", "latin1")),
    () => made("a long value", `NATS/1.0\r\na: ${"x".repeat(random.integer(10_000, 60_000))}\r\n\r\n`),
    () => made("many names", `NATS/1.0\r\n${lines(random.integer(500, 3000))}\r\n`),
    () => made("a name many times", `NATS/1.0\r\n${"a: b\r\n".repeat(random.integer(500, 3000))}\r\n`),
    () => made("a prototype's names", "NATS/1.0\r\n__proto__: a\r\nconstructor: b\r\ntoString: c\r\n\r\n"),
    () => made("a status", `NATS/1.0 ${random.integer(100, 599)} ${status(random)}\r\n\r\n`),
    () => made("a status with headers", "NATS/1.0 409 Consumer Deleted\r\nNats-Pending-Messages: 1\r\n\r\n"),
    () => header("Nats-Msg-Id", random, ["\u0000", " ", "x".repeat(20_000), "\u001b]0;owned\u0007", "æøå"]),
    () => header("Nats-Rollup", random, ["all", "sub"]),
    () => header("anytopic-id", random, ["", "x".repeat(20_000), "\u001b[31m", "a b"]),
    () => header("anytopic-attempt", random, ["0", "-1", "1e9", "NaN", "99999999999999999999"]),
    () => header("anytopic-publish-time", random, ["1e300", "-1e300", "NaN", "", "9".repeat(400)]),
    () => header("anytopic-published", random, ["1e300", "-1e300", "NaN", ""]),
    () => header("anytopic-key", random, ["", "%", "%zz", "x".repeat(9000)]),
    () => header("anytopic-redriven-to", random, ["nobody", "", "*", ">"]),
    () =>
      header("anytopic-dead-letter", random, [
        "{",
        "null",
        '{"reason":"rejected","sub":"a/b","last":1e300,"attempts":-1}',
      ]),
    () => mutated(random),
  ];
  return (kinds[random.integer(0, kinds.length - 1)] as () => Made)();
}

const made = (what: string, block: string | Buffer): Made => ({ what, block: Buffer.from(block as string) });
const lines = (count: number): string => Array.from({ length: count }, (_, index) => `n${index}: v\r\n`).join("");
const status = (random: Random): string =>
  ["", "Idle Heartbeat", "Request Timeout", "No Messages", "Message Size Exceeds MaxBytes"][
    random.integer(0, 4)
  ] as string;

function header(name: string, random: Random, values: readonly string[]): Made {
  const value = values[random.integer(0, values.length - 1)] as string;
  return made(`${name}: ${JSON.stringify(value.slice(0, 40))}`, `NATS/1.0\r\n${name}: ${value}\r\n\r\n`);
}

/** A valid block with a few bytes changed. */
function mutated(random: Random): Made {
  const block = Buffer.from("NATS/1.0\r\nNats-Msg-Id: abc\r\nanytopic-key: k\r\ncolor: red\r\n\r\n");
  for (let count = random.integer(1, 4); count > 0; count -= 1) {
    block[random.integer(0, block.length - 1)] = random.integer(0, 255);
  }
  return { what: `mutated ${JSON.stringify(block.toString("latin1"))}`, block };
}
