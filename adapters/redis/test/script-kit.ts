import type { SubscriptionSpec } from "@anytopic/core/driver";
import { ANSWER_BYTES, MAX_PARKED } from "../src/limits.ts";
import { subscriptionNames } from "../src/names.ts";
import { applyTopology } from "../src/provisioning.ts";
import { DueLooks } from "../src/publish/due-looks.ts";
import { WorkerScripts } from "../src/receive/worker-scripts.ts";
import type { WorkerSetup } from "../src/receive/worker-setup.ts";
import { SETTLE } from "../src/scripts/settle.ts";
import { TAKE } from "../src/scripts/take.ts";
import { type Entry, type RawEntry, readEntry, type StreamTag } from "../src/wire/entry.ts";
import { type Opened, opened } from "./opened.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

export const bodyOf = (entry: Entry): string => Buffer.from(entry.content.body).toString();

interface Declared {
  readonly replay?: boolean;
  readonly ordered?: boolean;
  readonly ackDeadlineMs?: number;
  readonly maxRetries?: number;
}

/** A private server, and workers as the scripts see them, without the loops of a subscriber. */
export class ScriptKit {
  readonly #servers: RedisServers;
  readonly #opened: Opened;
  readonly client: PlainClient;

  private constructor(servers: RedisServers, connection: Opened, client: PlainClient) {
    this.#servers = servers;
    this.#opened = connection;
    this.client = client;
  }

  /** `undefined` where there is no server: the tests are then skipped. */
  static async startOrSkip(): Promise<ScriptKit | undefined> {
    const servers = new RedisServers();
    const server = await servers.startOrSkip();
    if (server === undefined) return undefined;
    return new ScriptKit(servers, await opened({ servers: addressOf(server) }), await plainClient(server.url));
  }

  async close(): Promise<void> {
    await this.#opened[Symbol.asyncDispose]();
    await this.client.close();
    await this.#servers.close();
  }

  /** The subscription `mail` of a topic. */
  async subscription(
    name: string,
    { ordered = false, ackDeadlineMs = 1000, maxRetries = 3, replay = false }: Declared = {},
  ): Promise<{ readonly setup: WorkerSetup; readonly worker: () => WorkerScripts }> {
    const { connection } = this.#opened;
    const spec: SubscriptionSpec = {
      name: "mail",
      physicalName: "mail",
      topic: { name, physicalName: name, ordered, exactlyOnce: false, retentionMs: 86_400_000, replay },
      ackDeadlineMs,
      maxRetries,
      maxBackoffMs: 1000,
    };
    await applyTopology(connection, { topics: [spec.topic], subscriptions: [spec] }, false);
    const sink = { deliver() {}, revoke: () => true, revokeAll() {}, failing() {}, receiving() {} };
    const names = subscriptionNames("", spec);
    const dueLooks = new DueLooks(connection);
    const setup: WorkerSetup = { connection, dueLooks, names, spec, sink, maxOutstanding: 100 };
    return { setup, worker: () => new WorkerScripts(setup) };
  }

  async add(stream: string, key: string, body: string): Promise<string> {
    return String(await this.client.send("XADD", stream, "*", "data", body, "anytopic-key", key));
  }

  async take(worker: WorkerScripts, room = 10, mostParked: number = MAX_PARKED): Promise<readonly Entry[]> {
    const reply = await worker.run(TAKE, [room, mostParked, ANSWER_BYTES].map(String));
    const [taken] = reply as [readonly (readonly [Buffer, ...RawEntry])[]];
    return taken.map(([tag, id, fields]) => readEntry(tag.toString() as StreamTag, [id, fields]));
  }

  /** `A` ack, `R` failed, `B` released. Resolves with 0, 1 or the body of the next message of the key. */
  async settle(worker: WorkerScripts, what: string, entry: Entry, delayMs = 0): Promise<number | string> {
    const args = ["1", what, entry.place, String(delayMs), entry.content.keyBytes ?? ""];
    const [reply] = (await worker.run(SETTLE, args)) as [number | readonly [Buffer, ...RawEntry]];
    if (typeof reply === "number") return reply;
    return bodyOf(readEntry(reply[0].toString() as StreamTag, [reply[1], reply[2]]));
  }

  /** Lets the lease of everything that a worker holds of a stream expire now. */
  async expire(stream: string, { consumer }: WorkerScripts): Promise<void> {
    const pending = (await this.client.send("XPENDING", stream, "mail", "-", "+", "100", consumer)) as [Buffer][];
    for (const [id] of pending)
      await this.client.send("XCLAIM", stream, "mail", consumer, "0", id, "IDLE", "3600000", "JUSTID");
  }
}
