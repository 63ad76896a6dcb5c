import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

const OF_ONE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "host",
  "expect",
]);

export interface SqsEntry {
  readonly ReceiptHandle: string;
  readonly VisibilityTimeout?: number;
}

/** A pending call to SQS. */
export interface SqsCall {
  /** For example `DeleteMessageBatch`. */
  readonly name: string;
  readonly entries: readonly SqsEntry[];
}

export interface SqsFront extends AsyncDisposable {
  readonly url: string;
  /** The endpoint's answers, in order. */
  readonly calls: readonly SqsCall[];
}

export interface SqsFrontOptions {
  /** Awaited before a call is passed on. When it resolves to a value, this is the answer, and the endpoint gets no call. */
  readonly before?: (call: SqsCall) => Promise<object | undefined>;
  /** Awaited before the endpoint's answer is passed back. */
  readonly after?: (call: SqsCall) => Promise<void>;
}

/** A server before SQS that can be slow, or answer itself. */
export async function createSqsFront(endpoint: string, { before, after }: SqsFrontOptions): Promise<SqsFront> {
  const calls: SqsCall[] = [];
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { url = "/", method = "POST", headers } = incoming;
    const body = await buffer(incoming);
    const call = callOf(headers, body);
    const instead = await before?.(call);
    if (instead !== undefined) {
      outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(instead));
      return;
    }
    const answer = await fetch(new URL(url, endpoint), { method, headers: passedOn(headers), body });
    const content = Buffer.from(await answer.arrayBuffer());
    calls.push(call);
    await after?.(call);
    outgoing.writeHead(answer.status, passedOn(Object.fromEntries(answer.headers))).end(content);
  };
  const server = createServer((incoming, outgoing) => {
    // The client may have closed the connection by then.
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function callOf(headers: IncomingMessage["headers"], body: Buffer): SqsCall {
  const target = String(headers["x-amz-target"] ?? "");
  const { Entries = [] } = target === "" ? {} : (JSON.parse(body.toString()) as { Entries?: SqsEntry[] });
  return { name: target.slice(target.indexOf(".") + 1), entries: Entries };
}

function passedOn(headers: IncomingMessage["headers"]): Record<string, string> {
  const kept = Object.entries(headers).filter(([name]) => !OF_ONE_CONNECTION.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
