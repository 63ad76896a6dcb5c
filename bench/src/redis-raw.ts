import { randomUUID } from "node:crypto";

import { createClient, RESP_TYPES } from "@redis/client";
import { Redis } from "ioredis";

import { nextEvent } from "./event.ts";
import type { Form } from "./form.ts";

/** Entries of one read. */
const READ_COUNT = 1000;
/** What the adapter's messages have: 36 characters. */
const newId = (): string => randomUUID();

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];
type Send = (parts: (string | Buffer)[]) => Promise<unknown>;

interface Raw {
  readonly name: string;
  readonly withId: boolean;
  readonly window: number;
  /** For commands; those of one turn of the event loop go out together. */
  readonly send: Send;
  /** On a connection of its own, because it waits. */
  readonly read: Send;
  close(): Promise<void>;
}

/** Pipelined XADD; XREADGROUP in large batches, and one XACK for each batch. */
async function rawForm(raw: Raw): Promise<Form> {
  const { name, withId, window, send, read } = raw;
  const stream = `raw-${randomUUID().slice(0, 8)}`;
  await send(["XGROUP", "CREATE", stream, "worker", "$", "MKSTREAM"]);
  return {
    name,
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const fields = withId
            ? ["data", JSON.stringify(nextEvent()), "anytopic-id", newId()]
            : ["data", JSON.stringify(nextEvent())];
          await send(["XADD", stream, "*", ...fields]);
        }
      };
      await Promise.all(Array.from({ length: window }, loop));
    },
    async consume(count): Promise<void> {
      const acks: Promise<unknown>[] = [];
      for (let left = count; left > 0;) {
        const command = [
          "XREADGROUP",
          "GROUP",
          "worker",
          "me",
          "COUNT",
          String(READ_COUNT),
          "BLOCK",
          "1000",
          "STREAMS",
          stream,
          ">",
        ];
        const reply = (await read(command)) as readonly (readonly [Buffer, readonly Entry[]])[] | null;
        const entries = reply?.[0]?.[1] ?? [];
        if (entries.length === 0) continue;
        for (const [, fields] of entries) JSON.parse(String(fields[1]));
        acks.push(send(["XACK", stream, "worker", ...entries.map(([id]) => id)]));
        left -= entries.length;
      }
      await Promise.all(acks);
      await send(["XTRIM", stream, "MAXLEN", "0"]);
    },
    async close(): Promise<void> {
      await send(["DEL", stream]);
      await raw.close();
    },
  };
}

/** Without the command timeout, which makes an AbortSignal for every command. */
export async function nodeRedisForm(url: string, name: string, window: number, withId: boolean): Promise<Form> {
  const open = async (): Promise<ReturnType<typeof createClient>> => {
    const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer };
    const client = createClient({ url, RESP: 2, commandOptions: { timeout: 0, typeMapping } });
    await client.connect();
    return client as unknown as ReturnType<typeof createClient>;
  };
  const [commands, reader] = [await open(), await open()];
  return await rawForm({
    name,
    withId,
    window,
    send: async (parts) => commands.sendCommand(parts),
    read: async (parts) => reader.sendCommand(parts),
    async close() {
      commands.destroy();
      reader.destroy();
    },
  });
}

export async function ioredisForm(url: string, name: string, window: number): Promise<Form> {
  const [commands, reader] = [new Redis(url, { enableAutoPipelining: true }), new Redis(url)];
  // Its general `call` is not pipelined automatically; the named methods are.
  const sendOn =
    (client: Redis): Send =>
    async ([command = "", ...args]) => {
      const methods = client as unknown as Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;
      return await methods[`${String(command).toLowerCase()}Buffer`]?.call(client, ...args);
    };
  return await rawForm({
    name,
    withId: false,
    window,
    send: sendOn(commands),
    read: sendOn(reader),
    async close() {
      commands.disconnect();
      reader.disconnect();
    },
  });
}
