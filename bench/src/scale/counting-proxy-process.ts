import { type AddressInfo, connect, createServer } from "node:net";

const [toPort = "", mark = ""] = process.argv.slice(2);
const count = { sent: 0, received: 0, bytes: 0 };

const HTTP2_PREFACE_BYTES = 24;
const FRAME_HEAD_BYTES = 9;
const HEADERS_FRAME = 1;

/** Counts the requests of one connection in the chunks that a client sends. */
function requestCounter(): (chunk: Buffer) => number {
  if (mark === "http1") return (chunk) => chunk.toString("latin1").split(" HTTP/1.1\r\n").length - 1;
  let left = HTTP2_PREFACE_BYTES;
  let head = Buffer.alloc(0);
  return (chunk) => {
    let requests = 0;
    let at = 0;
    while (at < chunk.length) {
      const skipped = Math.min(left, chunk.length - at);
      at += skipped;
      left -= skipped;
      const needed = Math.min(FRAME_HEAD_BYTES - head.length, chunk.length - at);
      head = Buffer.concat([head, chunk.subarray(at, at + needed)]);
      at += needed;
      if (head.length < FRAME_HEAD_BYTES) break;
      if (head[3] === HEADERS_FRAME) requests += 1;
      left = head.readUIntBE(0, 3);
      head = Buffer.alloc(0);
    }
    return requests;
  };
}

const server = createServer((client) => {
  const broker = connect(Number(toPort), "127.0.0.1");
  const requests = requestCounter();
  client.on("data", (chunk: Buffer) => {
    count.sent += requests(chunk);
    count.bytes += chunk.length;
  });
  broker.on("data", (chunk: Buffer) => {
    count.received += 1;
    count.bytes += chunk.length;
  });
  client.pipe(broker).pipe(client);
  for (const [one, other] of [
    [client, broker],
    [broker, client],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
});
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("message", () => process.send?.({ count }));
process.on("disconnect", () => process.exit(0));
