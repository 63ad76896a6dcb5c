import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { protos } from "@google-cloud/pubsub";

const { PullRequest } = protos.google.pubsub.v1;

const PULL = "/google.pubsub.v1.Subscriber/Pull";
/** How often the emulator is asked for a subscription that somebody waits at. */
const LOOK_MS = 20;
/** The service answers an idle pull empty after a while that it does not state. */
const MAX_WAIT_MS = 30_000;
/** Of a gRPC frame: a flag and the length. */
const PREFIX_BYTES = 5;

export interface WaitingFront {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A pull that waits, and the connection it came by. */
interface Waiter {
  readonly stream: ServerHttp2Stream;
  readonly upstream: ClientHttp2Session;
  readonly headers: IncomingHttpHeaders;
  /** The same request, not to wait. */
  readonly frame: Buffer;
  readonly untilMs: number;
}

interface Answer {
  readonly head: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

/**
 * Stands before a Pub/Sub emulator and holds its waiting pulls, because the emulator does not notice when one is given up or
 * its connection ends, which the service does. Everything else passes through. A client's connection ends with the emulator's.
 */
export async function startWaitingFront(target: { host: string; port: number }): Promise<WaitingFront> {
  const waiting = new Map<string, Waiter[]>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    const upstream = connect(`http://${target.host}:${target.port}`);
    sessions.add(session);
    for (const end of [session, upstream]) {
      end.on("error", () => {});
      end.on("close", () => {
        sessions.delete(session);
        session.destroy();
        upstream.destroy();
      });
    }
    session.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      if (headers[":path"] === PULL) void takePull(waiting, stream, upstream, headers);
      else passThrough(stream, upstream, headers);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    async close(): Promise<void> {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function takePull(
  waiting: Map<string, Waiter[]>,
  stream: ServerHttp2Stream,
  upstream: ClientHttp2Session,
  headers: IncomingHttpHeaders,
): Promise<void> {
  const request = PullRequest.decode((await bytesOf(stream)).subarray(PREFIX_BYTES));
  const { subscription, maxMessages, returnImmediately } = request;
  const frame = framed(PullRequest.encode({ subscription, maxMessages, returnImmediately: true }).finish());
  const untilMs = Date.now() + (returnImmediately ? 0 : MAX_WAIT_MS);
  const waiter = { stream, upstream, headers, frame, untilMs };
  if (returnImmediately) return void (await look(waiter));
  const queue = waiting.get(subscription);
  if (queue !== undefined) return void queue.push(waiter);
  const started = [waiter];
  waiting.set(subscription, started);
  // One loop for a subscription, however many wait there, each in its turn.
  for (let next = started.shift(); next !== undefined; next = started.shift()) {
    if (next.stream.destroyed || (await look(next))) continue;
    started.push(next);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  waiting.delete(subscription);
}

/** Asks once; returns whether the client has its answer, or needs none any more. */
async function look({ stream, upstream, headers, frame, untilMs }: Waiter): Promise<boolean> {
  const answer = await ask(upstream, headers, frame);
  if (stream.destroyed) return true;
  if (answer === undefined) {
    stream.close(constants.NGHTTP2_CANCEL);
    return true;
  }
  if (answer.body.length === PREFIX_BYTES && Date.now() < untilMs) return false;
  respond(stream, answer.head, () => answer.trailers);
  if (!stream.writableEnded) stream.end(answer.body);
  return true;
}

/** `undefined` when the connection ended. */
async function ask(
  upstream: ClientHttp2Session,
  headers: IncomingHttpHeaders,
  frame: Buffer,
): Promise<Answer | undefined> {
  if (upstream.destroyed) return undefined;
  const call = upstream.request(headers);
  let head: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  call.on("response", (received) => (head = received));
  call.on("trailers", (received) => (trailers = received));
  call.end(frame);
  try {
    const body = await bytesOf(call);
    return call.rstCode === constants.NGHTTP2_NO_ERROR ? { head, body, trailers } : undefined;
  } catch {
    return undefined;
  }
}

function passThrough(stream: ServerHttp2Stream, upstream: ClientHttp2Session, headers: IncomingHttpHeaders): void {
  const call = upstream.request(headers);
  let trailers: IncomingHttpHeaders = {};
  call.on("error", () => stream.close(constants.NGHTTP2_CANCEL));
  call.on("trailers", (received) => (trailers = received));
  call.on("response", (head) => {
    if (stream.destroyed) return;
    respond(stream, head, () => trailers);
    if (!stream.writableEnded) call.pipe(stream);
  });
  stream.on("close", () => call.close(constants.NGHTTP2_CANCEL));
  stream.pipe(call);
}

/** A call that failed has its status in the head, and nothing after it. */
function respond(stream: ServerHttp2Stream, head: IncomingHttpHeaders, trailers: () => IncomingHttpHeaders): void {
  if (head["grpc-status"] !== undefined) return stream.respond(head, { endStream: true });
  stream.respond(head, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers()));
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
