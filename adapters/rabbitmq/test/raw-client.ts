import { type ChannelModel, type ConfirmChannel, connect, type Options } from "amqplib";
import type { Socket } from "node:net";

/** Sent as two bytes 0xFF, which no UTF-8 text contains: amqplib alone cannot send them. */
export const BROKEN = "\u07FF";
const BROKEN_BYTES = Buffer.from(BROKEN);

/** A publisher that can write any headers. */
export interface RawClient {
  readonly channel: ConfirmChannel;
  /** Resolves when the broker has confirmed. */
  publish(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void>;
  close(): Promise<void>;
}

export async function connectRaw(url: string): Promise<RawClient> {
  const connection: ChannelModel = await connect(url);
  connection.on("error", () => {});
  breakBytes((connection.connection as unknown as { readonly stream: Socket }).stream);
  const channel = await connection.createConfirmChannel();
  channel.on("error", () => {});
  return {
    channel,
    publish: (exchange, routingKey, body, properties) =>
      new Promise((resolve, reject) => {
        channel.publish(exchange, routingKey, body, properties, (error: Error | null) =>
          error === null ? resolve() : reject(error),
        );
      }),
    close: () => connection.close(),
  };
}

function breakBytes(socket: Socket): void {
  const write = socket.write.bind(socket) as (chunk: Buffer | string, ...rest: unknown[]) => boolean;
  socket.write = (chunk: Buffer | string, ...rest: unknown[]): boolean => {
    if (Buffer.isBuffer(chunk)) {
      for (let at = chunk.indexOf(BROKEN_BYTES); at >= 0; at = chunk.indexOf(BROKEN_BYTES, at))
        chunk.fill(0xff, at, at + 2);
    }
    return write(chunk, ...rest);
  };
}
