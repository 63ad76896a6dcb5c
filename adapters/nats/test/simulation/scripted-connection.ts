import type { Msg, MsgHdrs, NatsConnection, Status } from "@nats-io/nats-core";
import { ServerConnection, type Frame, type Publication, type ScriptedServer } from "./scripted-server.ts";
import type { ProcessClock } from "./process-clock.ts";
import type { SimQueue, SimWorld } from "./sim-world.ts";

type Callback = (error: Error | null, message: Msg) => void;
interface ScriptedSubscription {
  unsubscribe(): void;
  drain(): Promise<void>;
}

const LINE_DELAY_MS = 1.5;

/** One line to the server. */
interface Line {
  readonly server: ServerConnection;
  readonly up: SimQueue;
  /** The client no longer uses it. */
  abandoned: boolean;
  /** Nothing passes until it heals. */
  blocked: (() => void)[] | undefined;
}

/** The parts of the NATS client that the adapter uses, on a line of the simulation. */
export class ScriptedConnection {
  readonly info: { readonly version: string; readonly max_payload: number; readonly cluster?: string };
  readonly options = {};
  readonly #world: SimWorld;
  readonly #server: ScriptedServer;
  readonly #process: ProcessClock;
  readonly #subscriptions = new Map<number, { readonly subject: string; readonly callback: Callback }>();
  readonly #statuses: Status[] = [];
  readonly #pongs: { resolve(): void; reject(error: Error): void }[] = [];
  #wakeStatus: (() => void) | undefined;
  #line: Line | undefined;
  #sids = 0;
  #requests = 0;
  #received = 0;
  #closed = false;
  #blockedUntilMs = 0;

  constructor(world: SimWorld, server: ScriptedServer, process: ProcessClock) {
    this.#world = world;
    this.#process = process;
    this.#server = server;
    const cluster = server.consumer.isReplicated ? { cluster: "scripted" } : {};
    this.info = { version: "2.9.10", max_payload: 1_048_576, ...cluster };
    this.#line = this.#newLine();
  }

  /** The other parts of the client are not used. */
  get client(): NatsConnection {
    return this as unknown as NatsConnection;
  }

  #newLine(): Line {
    const down = this.#world.lineQueue(LINE_DELAY_MS);
    const line: Line = {
      server: new ServerConnection((sid, frame) =>
        down(() => {
          const arrive = (): void => {
            if (!line.abandoned && this.#line === line) this.#subscriptions.get(sid)?.callback(null, message(frame));
          };
          if (line.blocked === undefined) this.#process.arrive(arrive);
          else line.blocked.push(() => this.#process.arrive(arrive));
        }),
      ),
      up: this.#world.serverQueue(LINE_DELAY_MS),
      abandoned: false,
      blocked: undefined,
    };
    this.#server.connect(line.server);
    return line;
  }

  #send(action: (server: ServerConnection) => void): void {
    const line = this.#line;
    if (line === undefined) return;
    const arrive = (): void =>
      line.up(() => {
        if (this.#server.knows(line.server)) action(line.server);
      });
    if (line.blocked === undefined) arrive();
    else line.blocked.push(arrive);
  }

  publish(subject: string, data?: string | Uint8Array, options: { reply?: string; headers?: MsgHdrs } = {}): void {
    const encoded = (options.headers as { encode?: () => Uint8Array } | undefined)?.encode?.();
    const publication: Publication = {
      subject,
      reply: options.reply ?? "",
      data: typeof data === "string" ? Buffer.from(data) : (data ?? new Uint8Array(0)),
      headerText: encoded === undefined ? "" : Buffer.from(encoded).toString(),
    };
    this.#send(() => this.#server.publish(publication));
  }

  subscribe(subject: string, { callback }: { callback: Callback }): ScriptedSubscription {
    const sid = ++this.#sids;
    this.#subscriptions.set(sid, { subject, callback });
    this.#send((server) => server.subscriptions.set(sid, subject));
    const unsubscribe = (): void => {
      if (this.#subscriptions.delete(sid)) this.#send((server) => server.subscriptions.delete(sid));
    };
    const drain = async (): Promise<void> => {
      this.#send((server) => server.subscriptions.delete(sid));
      await this.flush().finally(() => this.#subscriptions.delete(sid));
    };
    return { unsubscribe, drain };
  }

  /** Always one message more, so that the watch never finds a silent server: the seed cuts lines itself. */
  stats(): { readonly inMsgs: number } {
    return { inMsgs: (this.#received += 1) };
  }

  async flush(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const pong = { resolve, reject };
    this.#pongs.push(pong);
    const line = this.#line;
    const down = this.#world.lineQueue(LINE_DELAY_MS);
    const answered = (): void => {
      if (line !== undefined && !line.abandoned) resolve();
    };
    this.#send(() => down(() => this.#process.arrive(answered)));
    await promise;
  }

  async request(subject: string, data: Uint8Array, options: { timeout: number }): Promise<Msg> {
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const reply = `_REQUEST.${this.#requests++}.${this.#world.random()}`;
    const subscription = this.subscribe(reply, { callback: (_, answer) => resolve(answer) });
    const timer = this.#process.setTimer(() => reject(new Error(`timeout: ${subject}`)), options.timeout);
    this.publish(subject, data, { reply });
    return promise.finally(() => {
      this.#process.clearTimer(timer);
      subscription.unsubscribe();
    });
  }

  async *status(): AsyncGenerator<Status> {
    while (!this.#closed) {
      const status = this.#statuses.shift();
      if (status !== undefined) yield status;
      else await new Promise<void>((resolve) => (this.#wakeStatus = resolve));
    }
  }

  async reconnect(): Promise<void> {
    this.#leave("closes", "at-once");
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#abandon("closes", "at-once");
  }

  /** The line is cut. The server may notice it late or never, and what was under way may still reach it. */
  cut(server: "closes" | "half-open", rest: "lost" | "at-once" | "late"): void {
    this.#leave(server, rest);
  }

  /** Nothing passes for a while; then everything does, unless the client has given up the line. */
  block(forMs: number, givesUp: boolean): void {
    const line = this.#line;
    if (line === undefined || line.blocked !== undefined) return;
    const held: (() => void)[] = (line.blocked = []);
    this.stayAway(forMs);
    this.#world.later(forMs, () => {
      line.blocked = undefined;
      for (const action of held) action();
    });
    if (givesUp)
      this.#world.later(this.#world.between(0, forMs), () => this.#line === line && this.#leave("half-open", "late"));
  }

  /** A lost connection cannot be made again for this long. */
  stayAway(forMs: number): void {
    this.#blockedUntilMs = Math.max(this.#blockedUntilMs, this.#world.now + forMs);
  }

  #leave(server: "closes" | "half-open", rest: "lost" | "at-once" | "late"): void {
    if (this.#line === undefined || this.#closed) return;
    this.#abandon(server, rest);
    this.#say({ type: "disconnect", server: "scripted" });
    this.#reconnectIn(this.#world.between(5, 300));
  }

  #abandon(server: "closes" | "half-open", rest: "lost" | "at-once" | "late"): void {
    const line = this.#line;
    if (line === undefined) return;
    line.abandoned = true;
    this.#line = undefined;
    if (rest === "lost" && line.blocked !== undefined) line.blocked.length = 0;
    const end = (): void => this.#server.disconnect(line.server);
    if (server === "closes") line.up(end);
    else this.#world.later(this.#world.between(100, 8000), () => line.up(end));
    for (const pong of this.#pongs.splice(0)) pong.reject(new Error("disconnected"));
  }

  #reconnectIn(delayMs: number): void {
    this.#world.later(delayMs, () => {
      if (this.#closed) return;
      if (this.#world.isFrozen || this.#world.now < this.#blockedUntilMs)
        return this.#reconnectIn(this.#world.between(50, 400));
      this.#line = this.#newLine();
      for (const [sid, { subject }] of this.#subscriptions)
        this.#send((server) => server.subscriptions.set(sid, subject));
      return this.#say({ type: "reconnect", server: "scripted" });
    });
  }

  #say(status: Status): void {
    this.#process.arrive(() => {
      this.#statuses.push(status);
      this.#wakeStatus?.();
    });
  }
}

function message(frame: Frame): Msg {
  const reply = frame.reply === "" ? {} : { reply: frame.reply };
  return { ...frame, ...reply, sid: 0 } as unknown as Msg;
}
