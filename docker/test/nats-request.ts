import { once } from "node:events";
import { connect } from "node:net";

/** One request in the text protocol of NATS, without a client library; resolves with the reply's JSON. */
export async function natsRequest(
  broker: { readonly host: string; readonly port: number },
  subject: string,
  payload: object | undefined,
  login: object = {},
): Promise<Record<string, unknown>> {
  const socket = connect({ host: broker.host, port: broker.port });
  const body = payload === undefined ? "" : JSON.stringify(payload);
  const options = JSON.stringify({ verbose: false, ...login });
  socket.write(`CONNECT ${options}\r\nSUB reply 1\r\nPUB ${subject} reply ${body.length}\r\n${body}\r\n`);
  let read = "";
  try {
    for (;;) {
      const [chunk] = (await once(socket, "data", { signal: AbortSignal.timeout(10_000) })) as [Buffer];
      read += chunk.toString("utf8");
      const refusal = /-ERR (.*)\r\n/.exec(read);
      if (refusal !== null) throw new Error(refusal[1]);
      const [, length, rest] = /MSG reply 1 (\d+)\r\n(.*)$/s.exec(read) ?? [];
      if (rest !== undefined && rest.length >= Number(length)) {
        return JSON.parse(rest.slice(0, Number(length))) as Record<string, unknown>;
      }
    }
  } finally {
    socket.destroy();
  }
}
