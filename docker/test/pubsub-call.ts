import { once } from "node:events";
import { connect } from "node:http2";

/** Calls `google.pubsub.v1.Publisher`; both requests used here hold one string, the topic, as field 1. True when it succeeds. */
export async function pubsubCall(address: string, method: "CreateTopic" | "GetTopic", topic: string): Promise<boolean> {
  const message = Buffer.concat([Buffer.of(0x0a, topic.length), Buffer.from(topic)]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const session = connect(`http://${address}`);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": `/google.pubsub.v1.Publisher/${method}`,
      "content-type": "application/grpc",
      te: "trailers",
    });
    let status: unknown;
    stream.on("response", (headers) => (status ??= headers["grpc-status"]));
    stream.on("trailers", (trailers) => (status ??= trailers["grpc-status"]));
    stream.resume();
    stream.end(Buffer.concat([prefix, message]));
    await once(stream, "close", { signal: AbortSignal.timeout(20_000) });
    return Number(status) === 0;
  } finally {
    session.destroy();
  }
}
