import { PubSubError } from "@anytopic/core/driver";
import type { ChannelModel, Message } from "amqplib";

/** The part of amqplib's connection that decodes frames. It is not part of its types. */
interface FrameReader {
  /** The bytes that have arrived and were not read yet. */
  rest: Buffer;
  /** Removes the next frame from `rest` before it decodes it, so also a frame that cannot be decoded. */
  recvFrame: () => unknown;
}

/** A frame of message properties, as amqplib decodes it. */
interface HeaderFrame {
  readonly id: number;
  readonly channel: number;
  readonly size: number;
  readonly fields: { readonly headers?: unknown };
}

const BASIC_CLASS = 60;
const HEADER_FRAME = 2;
/** Type, channel and length of a frame; class, weight and body size of a message. */
const FRAME_HEAD_BYTES = 7;
const SIZE_AT: number = FRAME_HEAD_BYTES + 4;
const FLAGS_AT: number = FRAME_HEAD_BYTES + 12;
const CONTENT_TYPE_FLAG = 0x80_00;
const CONTENT_ENCODING_FLAG = 0x40_00;
const HEADERS_FLAG = 0x20_00;

/**
 * How deep tables and arrays in headers may be nested. amqplib, `JSON.stringify` and all other readers are recursive, and exceed
 * the stack at some thousand levels. One level takes at least five bytes, so only large headers are checked.
 */
const MAX_DEPTH = 400;
const BYTES_PER_LEVEL = 5;

const marked = new WeakMap<object, PubSubError>();

/** Why the headers of a message are missing; undefined if they are not. */
export function unreadable({ properties }: Message): PubSubError | undefined {
  return marked.get(properties);
}

export function markUnreadable(properties: object): void {
  const words =
    "the headers of the message cannot be read: they are malformed, or nested too deep; its body is kept without them";
  marked.set(properties, new PubSubError("REJECTED", `rabbitmq: ${words}`));
}

/**
 * Protects the connection from the headers of foreign messages. amqplib decodes headers in its read loop, by recursion. Headers that
 * it cannot decode end the connection for all consumers, and the message is then redelivered on the next one. Here such a
 * message arrives without its headers, and `unreadable` says so. `rest` and `recvFrame` are not part of amqplib's types;
 * without them everything works, but without this protection.
 */
export function guardFrames(model: ChannelModel): void {
  const reader = model.connection as unknown as FrameReader;
  if (typeof reader.recvFrame !== "function" || !Buffer.isBuffer(reader.rest)) return;
  const receive = reader.recvFrame.bind(reader);
  reader.recvFrame = () => {
    const { rest } = reader;
    if (rest[0] !== HEADER_FRAME || rest.length < FRAME_HEAD_BYTES) return receive();
    const size = rest.readUInt32BE(3);
    // Incomplete: amqplib reads more and calls this again.
    if (rest.length < FRAME_HEAD_BYTES + size + 1) return receive();
    let frame: HeaderFrame | undefined;
    try {
      frame = receive() as HeaderFrame;
      if (size < MAX_DEPTH * BYTES_PER_LEVEL || !isDeep(frame.fields.headers)) return frame;
    } catch (error) {
      // It is no frame at all.
      if (reader.rest === rest) throw error;
    }
    const behind = reader.rest;
    try {
      return withoutHeaders(reader, receive, rest.subarray(0, FRAME_HEAD_BYTES + size + 1));
    } finally {
      reader.rest = behind;
    }
  };
}

/** Reads the frame again with an empty table of headers. If that fails too, the message has no properties at all. */
function withoutHeaders(reader: FrameReader, receive: () => unknown, bytes: Buffer): HeaderFrame {
  let frame: HeaderFrame;
  try {
    reader.rest = emptied(bytes);
    frame = receive() as HeaderFrame;
  } catch {
    const size = Number(bytes.readBigUInt64BE(SIZE_AT));
    frame = { id: BASIC_CLASS, channel: bytes.readUInt16BE(1), size, fields: {} };
  }
  markUnreadable(frame.fields);
  return frame;
}

/** The frame with an empty table of headers. Throws a `RangeError` if a length in it is wrong. */
function emptied(frame: Buffer): Buffer {
  const flags = frame.readUInt16BE(FLAGS_AT);
  if ((flags & HEADERS_FLAG) === 0) throw new RangeError("there is no table");
  let at = FLAGS_AT + 2;
  if ((flags & CONTENT_TYPE_FLAG) !== 0) at += 1 + frame.readUInt8(at);
  if ((flags & CONTENT_ENCODING_FLAG) !== 0) at += 1 + frame.readUInt8(at);
  const copy = Buffer.concat([frame.subarray(0, at + 4), frame.subarray(at + 4 + frame.readUInt32BE(at))]);
  copy.writeUInt32BE(0, at);
  copy.writeUInt32BE(copy.length - FRAME_HEAD_BYTES - 1, 3);
  return copy;
}

/** Without recursion. */
function isDeep(headers: unknown): boolean {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: headers, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) continue;
    if (depth > MAX_DEPTH) return true;
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 });
  }
  return false;
}
