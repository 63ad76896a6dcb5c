import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { jetstreamManager, type JetStreamManager, type StreamConfig } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/nats-core";
import { connect as connectRaw } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
const [major = 0, minor = 0, patch = 0] = (broker?.version ?? "").split(".").map((part) => Number.parseInt(part, 10));
const HAS_SCHEDULES = major > 2 || (major === 2 && minor >= 12);
/** See the known faults in the adapter's README. */
const PURGES_BY_HEADER = major === 2 && minor === 12 && patch < 8;
const WEEK_NS = 7 * 86_400_000 * 1e6;
let count = 0;

/** What a header of a publisher can do: on servers that know them, some remove messages. */
describe.skipIf(broker === undefined)("a publisher's headers", () => {
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  let pubsub: PubSub;

  beforeAll(async () => {
    const { url } = broker as Broker;
    nc = await connectRaw({ servers: url });
    jsm = await jetstreamManager(nc);
    pubsub = await connect(nats({ servers: url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await nc.close();
    await broker?.close();
  });

  function declared(): { readonly name: string; readonly all: Parameters<PubSub["apply"]>[0] } {
    const name = `publisher-headers-${++count}`;
    const topic = defineTopic<object>(name);
    return { name, all: [topic, defineSubscription(topic, "mail")] };
  }

  /** Resolves with the server's answer to a publish with these headers: its error code, or 0 when it has stored the message. */
  async function publish(subject: string, lines: Readonly<Record<string, string>> = {}): Promise<number> {
    const block = headers();
    for (const name in lines) block.append(name, lines[name] ?? "");
    const reply = await nc.request(subject, "{}", { headers: block, timeout: 10_000 });
    return reply.json<{ readonly error?: { readonly err_code: number } }>().error?.err_code ?? 0;
  }

  async function messages(stream: string, subject: string): Promise<number> {
    const { state } = await jsm.streams.info(stream, { subjects_filter: subject });
    return state.subjects?.[subject] ?? 0;
  }

  function schedule(target: string): Readonly<Record<string, string>> {
    return { "Nats-Schedule": "@at 2026-01-01T00:00:00Z", "Nats-Schedule-Target": target };
  }

  test.skipIf(PURGES_BY_HEADER)(
    "cannot remove messages of a topic, nor have the server publish elsewhere",
    async () => {
      const { name, all } = declared();
      await pubsub.apply(all);
      await publish(name);
      await publish(`${name}.redrive.mail`);
      const attempts = [
        schedule(`${name}.redrive.mail`),
        { "Nats-Schedule-Next": "purge", "Nats-Scheduler": `${name}.redrive.mail` },
        { "Nats-Schedule-Next": "purge", "Nats-Scheduler": ">" },
        { "Nats-TTL": "1s" },
      ];
      const refusals: number[] = [];
      for (const attempt of attempts) refusals.push(await publish(name, attempt));
      // A server that does not know such a header stores it with the message, as any other.
      expect(refusals.map((code) => code !== 0)).toEqual(attempts.map(() => HAS_SCHEDULES));
      expect(await messages(name, name)).toBe(HAS_SCHEDULES ? 1 : 1 + attempts.length);
      expect(await messages(name, `${name}.redrive.mail`)).toBe(1);
    },
  );

  describe.skipIf(!HAS_SCHEDULES)("on nats-server 2.12 or later", () => {
    /** A stream with our subjects, and a setting that we never declare. */
    async function addStream(name: string, more: Partial<StreamConfig>): Promise<void> {
      await jsm.streams.add({
        name,
        subjects: [name, `${name}.redrive.*`],
        max_age: WEEK_NS,
        duplicate_window: 120e9,
        discard: "new",
        deny_purge: true,
        deny_delete: true,
        ...more,
      });
    }

    async function planned(all: Parameters<PubSub["apply"]>[0], name: string): Promise<string> {
      const change = (await pubsub.plan(all)).find(({ resource }) => resource === `stream ${name}`);
      return `${change?.action}: ${change?.detail}`;
    }

    test("a stream with scheduled messages can be emptied by them, so it must be replaced", async () => {
      const { name, all } = declared();
      await addStream(name, { allow_msg_schedules: true, discard: "old", deny_purge: false });
      for (let n = 0; n < 3; n++) await publish(name);
      expect(await publish(name, { "Nats-Msg-Id": "id", ...schedule(`${name}.redrive.mail`) })).toBe(0);
      // All events are gone, and the server has published where only operators may. It has removed the id.
      await expect.poll(() => messages(name, `${name}.redrive.mail`)).toBe(1);
      expect(await messages(name, name)).toBe(0);
      const due = await jsm.streams.getMessage(name, { last_by_subj: `${name}.redrive.mail` });
      expect(due?.header.has("Nats-Msg-Id")).toBe(false);

      const expected = `replace: allow_msg_schedules is true, declared false; discard is old, declared new; allow_rollup_hdrs is true, declared false; deny_purge is false, declared true`;
      expect(await planned(all, name)).toBe(expected);
      await pubsub.apply(all, { update: true });
      expect(await planned(all, name)).toBe(expected);
    });

    test("a stream in which a message can choose its lifetime must be replaced", async () => {
      const { name, all } = declared();
      await addStream(name, { allow_msg_ttl: true });
      expect(await publish(name, { "Nats-TTL": "1s" })).toBe(0);
      await expect.poll(() => messages(name, name), { timeout: 10_000 }).toBe(0);
      expect(await planned(all, name)).toBe("replace: allow_msg_ttl is true, declared false");
    });
  });
});
