import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";

type Callback = (error: Error | null, message: Msg) => void;

/** What is replaced of the client, to see what passes. */
interface Traced {
  subscribe(subject: string, options: { callback?: Callback }): Subscription;
  publish(subject: string, data?: string | Uint8Array, options?: { reply?: string }): void;
  request(subject: string, data?: Uint8Array, options?: object): Promise<Msg>;
  flush(): Promise<void>;
  readonly protocol: { sendCommand(frames: string | Uint8Array, ...payloads: unknown[]): void };
}

/** Lines about the subscriptions of some streams, of all workers: what they asked, received and settled. For a person who looks for a fault. */
export class DeliveryTrace {
  readonly #streams: readonly string[];
  readonly note: (words: string) => void;

  /** `note` is called with each line. */
  constructor(streams: readonly string[], note: (words: string) => void) {
    this.#streams = streams;
    this.note = note;
  }

  /** From now on notes what passes through this client. */
  watch(nc: NatsConnection, name: string): void {
    const client = nc as unknown as Traced;
    const [subscribe, publish, request] = [
      client.subscribe.bind(client),
      client.publish.bind(client),
      client.request.bind(client),
    ];
    client.subscribe = (subject, options) => {
      const { callback } = options;
      if (callback === undefined) return subscribe(subject, options);
      const traced: Callback = (error, message) => {
        if (error === null) this.#arrived(name, message);
        callback(error, message);
      };
      return subscribe(subject, { ...options, callback: traced });
    };
    client.publish = (subject, data, options) => {
      if (this.#concerns(subject))
        this.note(`${name} → ${this.#shorten(subject)} ${String(data)} ${options?.reply ?? ""}`);
      publish(subject, data, options);
    };
    client.request = async (subject, data, options) => {
      if (!subject.includes("CONSUMER.INFO") || !this.#concerns(subject)) return request(subject, data, options);
      this.note(`${name} asks`);
      try {
        const answer = await request(subject, data, options);
        const { delivered, ack_floor, num_ack_pending, num_redelivered, num_waiting, num_pending, cluster, error } =
          JSON.parse(answer.string());
        this.note(
          `${name} answer ${JSON.stringify({ delivered, ack_floor, num_ack_pending, num_redelivered, num_waiting, num_pending, cluster, error })}`,
        );
        return answer;
      } catch (error) {
        this.note(`${name} answer ${String(error)}`);
        throw error;
      }
    };
    const { protocol } = client;
    const sendCommand = protocol.sendCommand.bind(protocol);
    protocol.sendCommand = (frames, ...payloads) => {
      if (frames instanceof Uint8Array) this.#acked(name, Buffer.from(frames).toString("latin1"));
      sendCommand(frames, ...payloads);
    };
  }

  #arrived(name: string, message: Msg): void {
    const reply = message.reply ?? "";
    if (reply.startsWith("$JS.ACK.")) {
      if (!this.#concerns(reply)) return;
      const key = message.headers?.get("anytopic-key") ?? "";
      this.note(
        `${name} ← ${this.#shorten(reply)} ${key} ${message.headers?.get("Nats-Msg-Id") ?? ""} in ${message.subject} `,
      );
      return;
    }
    if (message.headers !== undefined && message.headers.code > 0)
      this.note(`${name} ← status ${message.headers.code} ${message.headers.description} in ${message.subject}`);
  }

  #acked(name: string, frames: string): void {
    for (const line of frames.split("\r\n"))
      if (line.startsWith("PUB $JS.ACK.") && this.#concerns(line))
        this.note(`${name} → ack ${this.#shorten(line.slice(4))}`);
  }

  #concerns(subject: string): boolean {
    return this.#streams.some((stream) => subject.includes(`.${stream}.`));
  }

  /** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>` */
  #shorten(subject: string): string {
    if (!subject.startsWith("$JS.ACK.")) return subject;
    const [count, sequence, delivery, , pending] = subject.split(".").slice(4);
    return `s${sequence} d${delivery} #${count} (${pending?.split(" ")[0]} pending)`;
  }
}
