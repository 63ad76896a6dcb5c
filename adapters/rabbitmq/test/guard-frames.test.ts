import type { ChannelModel, Message } from "amqplib";
import { expect, test } from "vitest";
import { guardFrames, unreadable } from "../src/connection/guard-frames.ts";

const BODY_BYTES = 7;

/** A frame of properties with only this table of headers, on channel 3. */
function headerFrame(table: Buffer, flags = 0x2000): Buffer {
  const head = Buffer.alloc(14);
  head.writeUInt16BE(60, 0);
  head.writeBigUInt64BE(BigInt(BODY_BYTES), 4);
  head.writeUInt16BE(flags, 12);
  const payload = Buffer.concat([head, table]);
  const start = Buffer.from([2, 0, 3, 0, 0, 0, 0]);
  start.writeUInt32BE(payload.length, 3);
  return Buffer.concat([start, payload, Buffer.from([0xce])]);
}

/** Like amqplib's connection: it removes a frame from its buffer and then decodes it. */
class FakeReader {
  rest: Buffer;
  readonly #decode: (payload: Buffer) => object;

  constructor(bytes: Buffer, decode: (payload: Buffer) => object) {
    this.rest = bytes;
    this.#decode = decode;
  }

  recvFrame(): unknown {
    const size = this.rest.readUInt32BE(3);
    if (this.rest[7 + size] !== 0xce) throw new Error("Invalid frame");
    const payload = this.rest.subarray(7, 7 + size);
    this.rest = this.rest.subarray(8 + size);
    return { id: 60, channel: 3, size: BODY_BYTES, fields: this.#decode(payload) };
  }
}

function guarded(bytes: Buffer, decode: (payload: Buffer) => object): FakeReader {
  const reader = new FakeReader(bytes, decode);
  guardFrames({ connection: reader } as unknown as ChannelModel);
  return reader;
}

const isUnreadable = (frame: unknown): boolean =>
  unreadable({ properties: (frame as { fields: object }).fields } as unknown as Message) !== undefined;

const EMPTY = Buffer.alloc(4);
const TABLE = Buffer.from([0, 0, 0, 3, 1, 97, 86]);

test("a table that cannot be decoded is read again as an empty one, and the next frame is where it was", () => {
  const decode = (payload: Buffer): object => {
    if (payload.readUInt32BE(14) > 0) throw new RangeError("Maximum call stack size exceeded");
    return { headers: {}, messageId: "kept" };
  };
  const next = headerFrame(EMPTY);
  const reader = guarded(Buffer.concat([headerFrame(TABLE), next]), decode);
  const frame = reader.recvFrame();
  expect(frame).toEqual({ id: 60, channel: 3, size: BODY_BYTES, fields: { headers: {}, messageId: "kept" } });
  expect(isUnreadable(frame)).toBe(true);
  expect(reader.rest).toEqual(next);
  expect(isUnreadable(reader.recvFrame())).toBe(false);
});

test.each([
  ["its other properties cannot be read either", headerFrame(TABLE)],
  ["its length lies", headerFrame(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
  ["it has no table, and something else is wrong", headerFrame(Buffer.from([200]), 0x8000)],
])("of a frame that cannot be read at all the size is left: %s", (_what, bytes) => {
  const reader = guarded(bytes, () => {
    throw new TypeError("Unexpected type tag");
  });
  const frame = reader.recvFrame();
  expect(frame).toEqual({ id: 60, channel: 3, size: BODY_BYTES, fields: {} });
  expect(isUnreadable(frame)).toBe(true);
  expect(reader.rest).toHaveLength(0);
});

test("what was not taken for a frame is amqplib's to report", () => {
  const bytes = headerFrame(TABLE);
  bytes[bytes.length - 1] = 0;
  const reader = guarded(bytes, () => ({}));
  expect(() => reader.recvFrame()).toThrow("Invalid frame");
});

test("without the parts that it needs it leaves the connection alone", () => {
  for (const connection of [{}, { rest: Buffer.alloc(0) }, { recvFrame: () => 1, rest: "" }]) {
    const before = { ...connection };
    guardFrames({ connection } as unknown as ChannelModel);
    expect(connection).toEqual(before);
  }
});
