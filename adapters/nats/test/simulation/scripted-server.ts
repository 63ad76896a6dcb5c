import { headers, type MsgHdrs } from "@nats-io/nats-core";
import type { ConsumerSnapshot } from "./consumer-store.ts";
import { ScriptedConsumer, type StoredEvent } from "./scripted-consumer.ts";
import type { SimQueue, SimWorld } from "./sim-world.ts";

/** What arrives at a client. */
export interface Frame {
  readonly subject: string;
  readonly reply: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

export interface Publication {
  readonly subject: string;
  readonly reply: string;
  readonly data: Uint8Array;
  readonly headerText: string;
}

/** How long each phase of an election lasts. */
export interface LeaderChange {
  /** The former leader answers that nothing is unsettled. */
  readonly leavingMs: number;
  readonly leaderlessMs: number;
  /** The new one answers with what it knew at first. */
  readonly readingMs: number;
  /** Whether the new one has led before. */
  readonly hasLed: boolean;
}

/** A connection on the server's side: it may continue after its client has ended. */
export class ServerConnection {
  readonly subscriptions = new Map<number, string>();
  readonly toClient: (sid: number, frame: Frame) => void;

  constructor(toClient: (sid: number, frame: Frame) => void) {
    this.toClient = toClient;
  }
}

const NO_DATA = new Uint8Array(0);
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE_FOUND = 10037;

/** A server with one topic `events`, one durable consumer `worker`, and the subject of its leader's lease. */
export class ScriptedServer {
  readonly #world: SimWorld;
  readonly consumer: ScriptedConsumer;
  readonly stream: StoredEvent[] = [];
  readonly #ackWaitMs: number;
  readonly #connections = new Set<ServerConnection>();
  readonly #acks: SimQueue;
  readonly #requests: SimQueue;
  readonly #api: SimQueue;
  readonly #deliveries: SimQueue;
  #generation = 0;
  #leaseSequence = 0;
  #lease: Uint8Array = NO_DATA;

  constructor(world: SimWorld, ackWaitMs: number, losesRedeliveries: boolean, isReplicated: boolean) {
    this.#world = world;
    this.#ackWaitMs = ackWaitMs;
    this.#acks = this.#queue();
    this.#requests = this.#queue();
    this.#api = this.#queue();
    this.#deliveries = this.#queue();
    this.consumer = new ScriptedConsumer(world, this.stream, ackWaitMs, losesRedeliveries, isReplicated, {
      hasInterest: (subject) => this.#hasInterest(subject),
      deliver: (subject, reply, { key, id, body }) =>
        this.#deliveries(() => {
          const block = headers();
          block.append("Nats-Msg-Id", id);
          block.append("anytopic-key", key);
          this.#send(subject, { subject: "events", reply, data: body, headers: block });
        }),
      status: (subject, code, words, left) =>
        this.#deliveries(() => {
          const block = headers(code, words);
          if (code === 408) block.append("Nats-Pending-Messages", String(left));
          this.#send(subject, { subject, reply: "", data: NO_DATA, headers: block });
        }),
    });
  }

  /** Work that a goroutine has not done yet is lost when the server is killed. */
  #queue(): SimQueue {
    const queue = this.#world.serverQueue(2);
    return (action) => {
      const generation = this.#generation;
      queue(() => {
        if (generation === this.#generation) action();
      });
    };
  }

  connect(connection: ServerConnection): void {
    this.#connections.add(connection);
  }

  knows(connection: ServerConnection): boolean {
    return this.#connections.has(connection);
  }

  disconnect(connection: ServerConnection): void {
    this.#connections.delete(connection);
  }

  /** Killed and started again, with the consumer's state as it was some time ago. Lines have to be cut first. */
  restart(snapshot: ConsumerSnapshot): void {
    this.#generation++;
    this.#connections.clear();
    this.consumer.restore(snapshot);
  }

  /** The consumer gets another leader, which continues from this state. What the former one had not sent yet is lost. */
  changeLeader(snapshot: ConsumerSnapshot, { leavingMs, leaderlessMs, readingMs, hasLed }: LeaderChange): void {
    this.#generation++;
    const { consumer } = this;
    if (leavingMs > 0) consumer.leave();
    else consumer.beLeaderless();
    this.#world.later(leavingMs, () => consumer.beLeaderless());
    this.#world.later(leavingMs + leaderlessMs, () => consumer.elect(hasLed));
    this.#world.later(leavingMs + leaderlessMs + readingMs, () => consumer.restore(snapshot));
  }

  /** From a publisher that is not part of the simulation. */
  store(key: string, id: string, body: Uint8Array): void {
    const sequence = this.stream.length + 1;
    this.stream.push({ sequence, timeMs: Math.floor(this.#world.now), key, id, body });
    this.consumer.signal();
  }

  publish({ subject, reply, data, headerText }: Publication): void {
    if (subject.startsWith("$JS.ACK.")) this.#acks(() => this.#onAck(subject, reply, data));
    else if (subject === "$JS.API.CONSUMER.MSG.NEXT.events.worker") {
      const { batch, expires } = JSON.parse(Buffer.from(data).toString()) as { batch: number; expires: number };
      this.#requests(() => this.consumer.request(reply, batch, expires / 1e6));
    } else if (subject === "$JS.API.CONSUMER.INFO.events.worker") {
      const config = { ack_policy: "explicit", ack_wait: this.#ackWaitMs * 1e6 };
      this.#api(() => {
        const info = this.consumer.info();
        if (info !== undefined) this.#answer(reply, { ...info, config });
      });
    } else if (subject.startsWith("$JS.API.STREAM.MSG.GET.")) this.#api(() => this.#answer(reply, this.#lastLease()));
    else if (subject.includes(".leader.")) this.#writeLease(subject, reply, data, headerText);
    else throw new Error(`the scripted server knows nothing of ${subject}`);
  }

  #onAck(subject: string, reply: string, data: Uint8Array): void {
    if (!this.consumer.isLed) return;
    const tokens = subject.split(".");
    const sequence = Number(tokens[5]);
    const word = Buffer.from(data).toString();
    if (word === "+ACK") this.consumer.ack(sequence, Number(tokens[6]));
    else if (word.startsWith("-NAK")) this.consumer.nak(sequence, Number(tokens[6]));
    else if (word === "+WPI") this.consumer.progress(sequence);
    if (reply !== "") this.#send(reply, { subject: reply, reply: "", data: NO_DATA, headers: undefined });
  }

  #writeLease(subject: string, reply: string, data: Uint8Array, headerText: string): void {
    const expected = Number(/Expected-Last-Subject-Sequence: (\d+)/.exec(headerText)?.[1]);
    if (expected !== this.#leaseSequence) {
      const error = { code: 400, err_code: WRONG_LAST_SEQUENCE, description: "wrong last sequence" };
      this.#answer(reply, { error });
      return;
    }
    this.#leaseSequence++;
    this.#lease = data;
    this.#answer(reply, { stream: "leader", seq: this.#leaseSequence });
    this.#send(subject, { subject, reply: "", data, headers: undefined });
  }

  #lastLease(): object {
    if (this.#leaseSequence === 0)
      return { error: { code: 404, err_code: NO_MESSAGE_FOUND, description: "no message found" } };
    const data = Buffer.from(this.#lease).toString("base64");
    return { message: { subject: "leader", seq: this.#leaseSequence, data, time: "2026-11-26T00:00:00Z" } };
  }

  #answer(reply: string, answer: object): void {
    this.#send(reply, { subject: reply, reply: "", data: Buffer.from(JSON.stringify(answer)), headers: undefined });
  }

  #hasInterest(subject: string): boolean {
    return [...this.#connections].some(({ subscriptions }) =>
      [...subscriptions.values()].some((pattern) => matches(pattern, subject)),
    );
  }

  #send(subject: string, frame: Frame): void {
    for (const connection of this.#connections) {
      for (const [sid, pattern] of connection.subscriptions) {
        if (matches(pattern, subject))
          connection.toClient(sid, { ...frame, subject: frame.reply === "" ? subject : frame.subject });
      }
    }
  }
}

function matches(pattern: string, subject: string): boolean {
  return pattern.endsWith(".*")
    ? subject.startsWith(pattern.slice(0, -1)) && !subject.includes(".", pattern.length - 1)
    : pattern === subject;
}
