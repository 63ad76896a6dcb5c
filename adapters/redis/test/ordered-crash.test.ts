import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, describe, expect, test } from "vitest";
import { type Note, orderedDeclarations } from "./ordered-worker.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const KEYS = 10;
const MESSAGES = 60;

const servers = new RedisServers();
const server = await servers.startOrSkip();
afterAll(async () => servers.close());

class Workers {
  readonly #children = new Map<number, ChildProcess>();
  readonly #client: PlainClient;
  readonly #name: string;
  #count = 0;

  constructor(client: PlainClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async start(): Promise<number> {
    this.#count += 1;
    const args = [addressOf(server as never), this.#name, String(this.#count)];
    const child = fork(`${import.meta.dirname}/ordered-worker.ts`, args);
    this.#children.set(this.#count, child);
    const worker = this.#count;
    await once(child, "message");
    return worker;
  }

  /** Kills it by its own process id, and waits for its end. */
  async kill(worker: number): Promise<void> {
    const child = this.#taken(worker);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
    const note: Note = { worker, what: "died", key: "", number: 0, attempt: 0 };
    await this.#client.send("RPUSH", `notes-${this.#name}`, JSON.stringify(note));
  }

  async close(worker: number): Promise<void> {
    const child = this.#taken(worker);
    const gone = once(child, "exit");
    child.send("close");
    await gone;
  }

  async end(): Promise<void> {
    await Promise.all([...this.#children.keys()].map(async (worker) => this.close(worker)));
  }

  async notes(): Promise<readonly Note[]> {
    const list = (await this.#client.send("LRANGE", `notes-${this.#name}`, "0", "-1")) as readonly Buffer[];
    return list.map((note) => JSON.parse(note.toString()) as Note);
  }

  #taken(worker: number): ChildProcess {
    const child = this.#children.get(worker);
    if (child === undefined) throw new Error(`there is no worker ${worker}`);
    this.#children.delete(worker);
    return child;
  }
}

/** What is wrong with the order in which messages started and ended, in words. */
function violationsOf(notes: readonly Note[]): readonly string[] {
  const violations: string[] = [];
  const done = new Map<string, number>();
  const running = new Map<string, Note>();
  const attempts = new Map<string, number>();
  for (const note of notes) {
    const { worker, what, key, number, attempt } = note;
    const message = `${key}/${number}`;
    if (what === "died") {
      for (const [each, held] of running) if (held.worker === worker) running.delete(each);
    } else if (what === "start") {
      const last = done.get(key) ?? -1;
      const other = running.get(key);
      if (number > last + 1) violations.push(`${message} started when ${last} was the last one done`);
      if (other !== undefined)
        violations.push(`${message} started in ${worker} while ${other.worker} ran ${other.number}`);
      if (attempt <= (attempts.get(message) ?? 0)) violations.push(`${message} had attempt ${attempt} again`);
      attempts.set(message, attempt);
      running.set(key, note);
    } else {
      running.delete(key);
      if (what === "done") done.set(key, Math.max(done.get(key) ?? -1, number));
    }
  }
  return violations;
}

const doneOf = (notes: readonly Note[]): number =>
  new Set(notes.flatMap(({ what, key, number }) => (what === "done" ? [`${key}/${number}`] : []))).size;

describe.skipIf(server === undefined)("an ordered subscription with several worker processes", () => {
  test("keeps the order of each key while workers are killed, close and start", { timeout: 120_000 }, async () => {
    const name = "crash";
    const { topic, subscription } = orderedDeclarations(name);
    const client = await plainClient(server?.url ?? "");
    await using pubsub = await connect(redis({ servers: addressOf(server as never) }));
    await pubsub.apply([topic, subscription]);
    const workers = new Workers(client, name);
    const ids = await Promise.all([workers.start(), workers.start(), workers.start()]);
    const publishing = (async (): Promise<void> => {
      for (let number = 0; number < MESSAGES; number += 1)
        await Promise.all(
          Array.from({ length: KEYS }, async (_, key) => pubsub.publish(topic, { key: `k${key}`, number })),
        );
    })();
    for (const [share, kills] of [
      [0.1, true],
      [0.3, true],
      [0.5, false],
      [0.7, true],
    ] as const) {
      const enough = share * KEYS * MESSAGES;
      await expect.poll(async () => doneOf(await workers.notes()), { timeout: 30_000 }).toBeGreaterThan(enough);
      const worker = ids.shift() as number;
      await (kills ? workers.kill(worker) : workers.close(worker));
      ids.push(await workers.start());
    }
    await publishing;
    await expect.poll(async () => doneOf(await workers.notes()), { timeout: 60_000 }).toBe(KEYS * MESSAGES);
    await workers.end();
    expect(violationsOf(await workers.notes())).toEqual([]);
    for (const [key, count] of [
      ["busy", "HLEN"],
      ["parked", "ZCARD"],
      ["due", "ZCARD"],
    ] as const)
      expect(await client.send(count, `{${name}}:mail:${key}`)).toBe(0);
    await client.close();
  });
});
