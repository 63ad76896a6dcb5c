import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import type { Socket } from "node:net";

/** Bits of a `basic` content header, by property. https://www.rabbitmq.com/amqp-0-9-1-reference#class.basic (read 2026-11-26) */
const FLAG = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  userId: 0x0010,
  appId: 0x0008,
  clusterId: 0x0004,
} as const;

export type RawProperty = keyof typeof FLAG;

const FRAME_METHOD = 1;
const FRAME_HEADER = 2;
const FRAME_BODY = 3;
const FRAME_END = 0xce;
/** Below the negotiated `frame_max`. */
const MOST_BODY_BYTES = 100_000;

export interface RawTarget {
  readonly exchange: string;
  readonly routingKey: string;
}

/** Any bytes as properties of a message: no client library decides what can be sent. */
export interface RawPublisher {
  /** `properties`: the bytes of each. Resolves to whether the broker accepted the message; if not, it may close the connection. */
  publish(target: RawTarget, body: Uint8Array, properties: Partial<Record<RawProperty, Uint8Array>>): Promise<boolean>;
  close(): Promise<void>;
}

/** amqplib opens the connection and the channel with confirms; then frames are written to its socket. */
export async function rawPublisher(url: string): Promise<RawPublisher> {
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => (opened ??= confirming(url, () => (opened = undefined)));
  await open();
  return {
    async publish({ exchange, routingKey }, body, properties) {
      const { model, channel } = await open();
      const { stream } = model.connection as unknown as { readonly stream: Socket };
      const { promise: answer, resolve: settle } = Promise.withResolvers<unknown>();
      for (const event of ["ack", "nack", "close"] as const) channel.once(event, settle);
      stream.write(framesOf(1, { exchange, routingKey }, body, properties));
      // An ack has the number of its message; a closed channel tells none.
      const taken = (await answer) !== undefined;
      for (const event of ["ack", "nack", "close"] as const) channel.off(event, settle);
      return taken;
    },
    async close() {
      await (await opened)?.model.close();
    },
  };
}

interface Opened {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
}

async function confirming(url: string, lost: () => void): Promise<Opened> {
  const model = await connect(url, { noDelay: true });
  model.on("error", () => {});
  const channel = await model.createConfirmChannel();
  channel.on("error", () => {});
  channel.on("close", lost);
  channel.removeAllListeners("ack").removeAllListeners("nack");
  return { model, channel };
}

function framesOf(
  channel: number,
  { exchange, routingKey }: RawTarget,
  body: Uint8Array,
  properties: Partial<Record<RawProperty, Uint8Array>>,
): Buffer {
  const method = Buffer.from([0, 60, 0, 40, 0, 0]);
  const publish = Buffer.concat([method, shortString(exchange), shortString(routingKey), Buffer.from([0])]);
  const names = (Object.keys(FLAG) as RawProperty[]).filter((name) => properties[name] !== undefined);
  const head = Buffer.alloc(14);
  head.writeUInt16BE(60, 0);
  head.writeBigUInt64BE(BigInt(body.byteLength), 4);
  head.writeUInt16BE(
    names.reduce((flags, name) => flags | FLAG[name], 0),
    12,
  );
  const header = Buffer.concat([head, ...names.map((name) => properties[name] as Uint8Array)]);
  const bodies: Buffer[] = [];
  for (let at = 0; at < body.byteLength; at += MOST_BODY_BYTES) {
    bodies.push(frame(FRAME_BODY, channel, body.subarray(at, at + MOST_BODY_BYTES)));
  }
  return Buffer.concat([frame(FRAME_METHOD, channel, publish), frame(FRAME_HEADER, channel, header), ...bodies]);
}

function frame(type: number, channel: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.byteLength, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

/** A length in one byte, and the bytes. */
export function shortString(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** A length in four bytes, and the bytes: a long string, a table or an array. */
export function longString(...parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A name, a type and a value of a table. */
export function tableEntry(name: string | Uint8Array, type: string, value: Uint8Array): Buffer {
  return Buffer.concat([shortString(name), Buffer.from(type, "latin1"), value]);
}

/** A header table that holds a table that holds a table … `depth` times. */
export function nestedTables(depth: number): Buffer {
  const innermost = longString();
  // A table has no byte at its end, so the beginnings of all tables are the whole.
  const heads: Buffer[] = [];
  let inner = innermost.length;
  for (let level = 0; level < depth; level += 1) {
    const head = Buffer.alloc(7);
    head.writeUInt32BE(inner + 3, 0);
    head.writeUInt8(1, 4);
    head.write("aF", 5, "latin1");
    heads.push(head);
    inner += 7;
  }
  return Buffer.concat([...heads.toReversed(), innermost]);
}
