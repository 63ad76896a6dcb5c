import type { Probe } from "./probe.ts";
import { readFirstBytes } from "./read-first-bytes.ts";

const PROTOCOL_HEADER = Buffer.from("AMQP\x00\x00\x09\x01", "latin1");
const FRAME_OVERHEAD_BYTES = 8;

/** An AMQP 0-9-1 server answers the protocol header with a Connection.Start frame naming product and version. */
export const probeAmqp: Probe = async (host, port) => {
  const bytes = await readFirstBytes(
    host,
    port,
    PROTOCOL_HEADER,
    (read) => read.length >= 7 && read.length >= read.readUInt32BE(3) + FRAME_OVERHEAD_BYTES,
  );
  if (bytes === undefined || bytes[0] !== 1) return undefined;
  const version = longString(bytes, "version");
  const product = longString(bytes, "product");
  return {
    ...(product === undefined ? {} : { implementation: product.toLowerCase() }),
    ...(version === undefined ? {} : { version }),
  };
};

/** A field of the server-properties table whose value has the type `S`. */
function longString(frame: Buffer, name: string): string | undefined {
  const key = Buffer.concat([Buffer.of(name.length), Buffer.from(`${name}S`)]);
  const at = frame.indexOf(key);
  if (at < 0) return undefined;
  const start = at + key.length + 4;
  return frame.toString("utf8", start, start + frame.readUInt32BE(start - 4));
}
