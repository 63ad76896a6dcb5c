import { fork } from "node:child_process";
import { once } from "node:events";
import { Writable } from "node:stream";
import { fromLogLayer, fromWinston, type Logger } from "@anytopic/core";
import { ConsoleTransport, LogLayer } from "loglayer";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import winston from "winston";
import { opened, Sub } from "./opened-worker.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** Collects lines of JSON. */
function lines(): { readonly stream: Writable; readonly read: () => Record<string, unknown>[] } {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk.toString());
      done();
    },
  });
  return {
    stream,
    read: () =>
      chunks
        .join("")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

function logAll(logger: Logger): void {
  for (const level of LEVELS) logger[level]({ topic: "signups", message: "a field", level: 7 }, `at ${level}`);
}

test("pino works as it is", () => {
  const { stream, read } = lines();
  const logger: Logger = pino({ level: "debug" }, stream);
  for (const level of LEVELS) logger[level]({ topic: "signups" }, `at ${level}`);
  expect(read()).toMatchObject(LEVELS.map((level) => ({ topic: "signups", msg: `at ${level}` })));
});

test("console works as it is", () => {
  const logger: Logger = console;
  const written = vi.spyOn(console, "error").mockImplementation(() => {});
  logger.error({ topic: "signups" }, "cannot receive");
  expect(written.mock.calls).toEqual([[{ topic: "signups" }, "cannot receive"]]);
  written.mockRestore();
});

test("winston gets message, level and fields", () => {
  const { stream, read } = lines();
  const transports = [new winston.transports.Stream({ stream })];
  logAll(fromWinston(winston.createLogger({ level: "debug", format: winston.format.json(), transports })));
  expect(read()).toEqual(LEVELS.map((level) => ({ topic: "signups", level, message: `at ${level}` })));
});

test("winston with the levels of syslog has warning instead of warn", () => {
  const { stream, read } = lines();
  const transports = [new winston.transports.Stream({ stream })];
  const { levels } = winston.config.syslog;
  logAll(fromWinston(winston.createLogger({ levels, level: "debug", format: winston.format.json(), transports })));
  expect(read().map(({ level }) => level)).toEqual(["debug", "info", "warning", "error"]);
});

test("LogLayer gets message and fields", () => {
  const shown: unknown[][] = [];
  const keep =
    (level: string) =>
    (...args: unknown[]): void =>
      void shown.push([level, ...args]);
  const target = Object.fromEntries([...LEVELS, "trace", "log"].map((level) => [level, keep(level)]));
  logAll(fromLogLayer(new LogLayer({ transport: new ConsoleTransport({ logger: target as never }) })));
  expect(shown).toHaveLength(4);
  for (const [index, level] of LEVELS.entries()) {
    expect(shown[index]?.[0]).toBe(level);
    expect(JSON.stringify(shown[index])).toContain(`at ${level}`);
    expect(JSON.stringify(shown[index])).toContain('"topic":"signups"');
  }
});

/** Runs the program and returns the warnings that it wrote to stderr. */
async function stderrOf(how: "no logger" | "silent"): Promise<string> {
  const child = fork(`${import.meta.dirname}/unlogged-worker.ts`, [how], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, "close");
  return stderr;
}

test("without a logger, what stands still is said once for each subscription and connection, without payloads", async () => {
  const stderr = await stderrOf("no logger");
  const said = [...stderr.matchAll(/\[ANYTOPIC_UNLOGGED\] AnytopicWarning: (.*)/g)].map(([, text]) => text);
  const pages = "https://github.com/anytopic/anytopic/blob/main/docs/errors";
  expect(said).toEqual([
    `subscription signups/first: cannot receive, trying again: the queue is gone. See ${pages}/not-found.md`,
    `subscription signups/second: cannot receive, trying again: the queue is gone. See ${pages}/not-found.md`,
    `connection is reconnecting: the line is cut (connection "default"). See ${pages}/unavailable.md`,
  ]);
  expect(stderr).toContain("connect(url, { logger })");
  expect(stderr).not.toContain("s3cret");
}, 30_000);

test("silentLogger says nothing", async () => {
  expect(await stderrOf("silent")).toBe("");
}, 30_000);

test("with a logger nothing becomes a warning", async () => {
  const emitted = vi.spyOn(process, "emitWarning");
  const { adapter } = await opened(Sub, () => {});
  emitted.mockClear();
  const { connect, PubSubError, silentLogger } = await import("@anytopic/core");
  const pubsub = await connect(adapter, { logger: silentLogger });
  await pubsub.subscribe(Sub, () => {});
  adapter.sink.failing(new PubSubError("NOT_FOUND", "gone"));
  expect(emitted).not.toHaveBeenCalled();
  emitted.mockRestore();
});
