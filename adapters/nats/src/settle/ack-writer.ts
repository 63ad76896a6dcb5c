import type { NatsConnection } from "@nats-io/nats-core";

/** The payload of an acknowledgement. */
export const ACK: Uint8Array = Buffer.from("+ACK");

/** What of the client's protocol handler is used here; not part of its types. */
interface FrameWriter {
  sendCommand(frames: Uint8Array): void;
}

/**
 * Writes the acknowledgements of one turn as one piece. The client's `publish` encodes, checks and queues every one by
 * itself, which is a fifth of what it costs to receive a message. Should a version of the client come without the method
 * that this needs, acknowledgements go out one by one.
 */
export class AckWriter {
  readonly #nc: NatsConnection;
  readonly #writer: FrameWriter | undefined;
  #frames = "";

  constructor(nc: NatsConnection) {
    this.#nc = nc;
    this.#writer = writerOf(nc);
  }

  get writesTogether(): boolean {
    return this.#writer !== undefined;
  }

  /** @param subject of a delivery, and so ASCII as its stream's and consumer's names are */
  write(subject: string): void {
    if (this.#writer === undefined) return this.#nc.publish(subject, ACK);
    if (this.#frames === "") queueMicrotask(this.flush);
    this.#frames += `PUB ${subject} 4\r\n+ACK\r\n`;
    return undefined;
  }

  /** To be called before anything that must come after the acknowledgements. */
  readonly flush = (): void => {
    if (this.#frames === "") return;
    const frames = this.#frames;
    this.#frames = "";
    this.#writer?.sendCommand(Buffer.from(frames, "latin1"));
  };
}

function writerOf(nc: NatsConnection): FrameWriter | undefined {
  const { protocol } = nc as { readonly protocol?: Partial<FrameWriter> };
  return typeof protocol?.sendCommand === "function" ? (protocol as FrameWriter) : undefined;
}
