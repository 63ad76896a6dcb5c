import { connect } from "node:net";

/** One message on the wire: the header block is any bytes, and its stated length may be wrong. */
export interface RawMessage {
  readonly subject: string;
  /** Without one the message has no headers. */
  readonly headers?: Uint8Array | undefined;
  /** @default the length of `headers` */
  readonly headerLength?: number | undefined;
  readonly reply?: string | undefined;
  readonly body: Uint8Array | string;
}

/** Publishes without a client library, as a stranger can, and sends `more` lines of the protocol. Resolves with the server's refusals when it has read all. */
export async function publishRaw(
  { host, port }: { readonly host: string; readonly port: number },
  messages: readonly RawMessage[],
  login: Readonly<Record<string, string>> = {},
  more = "",
): Promise<readonly string[]> {
  const socket = connect(port, host);
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
    if (received.includes("PONG\r\n")) socket.destroy();
  });
  // The server closes a connection that breaks the protocol.
  socket.on("error", () => {});
  socket.on("close", () => resolve());
  const options = { verbose: false, pedantic: false, headers: true, no_responders: true, lang: "raw", ...login };
  socket.write(`CONNECT ${JSON.stringify(options)}\r\n`);
  for (const { subject, headers, headerLength = headers?.length, reply = "", body } of messages) {
    const payload = Buffer.concat([headers ?? Buffer.alloc(0), Buffer.from(body)]);
    const lengths = headers === undefined ? payload.length : `${headerLength} ${payload.length}`;
    const command = headers === undefined ? "PUB" : "HPUB";
    socket.write(`${command} ${subject} ${reply === "" ? "" : `${reply} `}${lengths}\r\n`);
    socket.write(payload);
    socket.write("\r\n");
  }
  socket.write(`${more}PING\r\n`);
  await ended;
  return [...received.matchAll(/-ERR '([^']*)'/g)].map(([, words = ""]) => words);
}
