import { randomInt } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";

/** https://www.erlang.org/doc/apps/erts/erl_dist_protocol (read 2026-11-26) */
const ALIVE = 120;
const ALIVE_ANSWER = 118;
const PORT_PLEASE = 122;
const PORT_ANSWER = 119;
const NAMES = 110;
const NOT_FOUND = 1;
const DIST_VERSION = 6;
const LENGTH_BYTES = 2;

/**
 * Erlang's port mapper for one node. It knows who asks, so it can tell each node another port for the same peer: that of a proxy. A node that registers
 * is found at its own port.
 */
export class PortMapper {
  readonly #peers: ReadonlyMap<string, number>;
  readonly #registered = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(peers: ReadonlyMap<string, number>) {
    this.#peers = peers;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** `peers`: the ports of other nodes, by the part of their names before the @. */
  static async start(port: number, peers: ReadonlyMap<string, number>): Promise<PortMapper> {
    const mapper = new PortMapper(peers);
    await new Promise<void>((resolve, reject) => {
      mapper.#server.once("error", reject);
      mapper.#server.listen({ host: "127.0.0.1", port, exclusive: true }, resolve);
    });
    return mapper;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + received.readUInt16BE(0);
      if (received.length < end) return;
      this.#answer(socket, received.subarray(LENGTH_BYTES, end));
      received = received.subarray(end);
    });
  }

  #answer(socket: Socket, request: Buffer): void {
    if (request[0] === ALIVE) {
      // Registered as long as the connection lasts.
      const name = nameIn(request, 9);
      const port = request.readUInt16BE(1);
      this.#registered.set(name, port);
      socket.once("close", () => this.#registered.get(name) === port && this.#registered.delete(name));
      const answer = Buffer.from([ALIVE_ANSWER, 0, 0, 0, 0, 0]);
      answer.writeUInt32BE(randomInt(4, 2 ** 32 - 1), 2);
      socket.write(answer);
    } else if (request[0] === PORT_PLEASE) {
      socket.end(this.#portOf(request.toString("utf8", 1)));
    } else if (request[0] === NAMES) {
      const names = [...this.#registered].map(([name, port]) => `name ${name} at port ${port}\n`).join("");
      // The node believes only an answer that begins with the port that it asked.
      const head = Buffer.alloc(4);
      head.writeUInt32BE(socket.localPort ?? 0);
      socket.end(Buffer.concat([head, Buffer.from(names)]));
    } else {
      socket.destroy();
    }
  }

  #portOf(name: string): Buffer {
    const port = this.#peers.get(name) ?? this.#registered.get(name);
    if (port === undefined) return Buffer.from([PORT_ANSWER, NOT_FOUND]);
    const head = Buffer.from([PORT_ANSWER, 0, 0, 0, 77, 0, 0, DIST_VERSION, 0, DIST_VERSION - 1, 0, 0]);
    head.writeUInt16BE(port, 2);
    head.writeUInt16BE(Buffer.byteLength(name), 10);
    return Buffer.concat([head, Buffer.from(name), Buffer.alloc(2)]);
  }
}

function nameIn(request: Buffer, at: number): string {
  return request.toString("utf8", at + 2, at + 2 + request.readUInt16BE(at));
}
