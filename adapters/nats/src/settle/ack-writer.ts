import type { NatsConnection } from "@nats-io/nats-core";

export const ACK_PAYLOAD: Uint8Array = Buffer.from("+ACK");

/** The part of the client's protocol handler that is used here; not part of its types. */
interface FrameWriter {
  sendCommand(frames: Uint8Array): void;
}

/**
 * Writes the acknowledgements of one turn of the event loop together. The client's `publish` encodes, checks and queues
 * each by itself, which is a fifth of the cost of receiving a message. For a client version without the method that this
 * needs, acknowledgements are published one by one.
 */
export class AckWriter {
  readonly #nc: NatsConnection;
  readonly #writer: FrameWriter | undefined;
  #frames = "";

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    const { protocol } = nc as { readonly protocol?: Partial<FrameWriter> };
    if (typeof protocol?.sendCommand === "function") this.#writer = protocol as FrameWriter;
  }

  get writesTogether(): boolean {
    return this.#writer !== undefined;
  }

  /** @param subject of a delivery: ASCII, because the names of its stream and consumer are */
  write(subject: string): void {
    if (this.#writer === undefined) return this.#nc.publish(subject, ACK_PAYLOAD);
    if (this.#frames === "") queueMicrotask(this.flush);
    this.#frames += `PUB ${subject} 4\r\n+ACK\r\n`;
    return undefined;
  }

  /** To be called before anything that the server must read after the acknowledgements. */
  readonly flush = (): void => {
    if (this.#frames === "") return;
    const frames = this.#frames;
    this.#frames = "";
    this.#writer?.sendCommand(Buffer.from(frames, "latin1"));
  };
}
