import type { HandlerContext } from "@anytopic/core";

/** So much of a body is kept. */
export const KEPT_BODY_BYTES: number = 64 * 1024;
const MAX_MESSAGES = 1000;
/** Of bodies and attributes together. */
const MAX_BYTES: number = 8 * 1024 * 1024;

/** A message as it came; the text for people is made when somebody reads it. */
export interface KeptMessage {
  readonly position: number;
  readonly id: string;
  readonly publishTime: Date;
  readonly orderingKey: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** At most `KEPT_BODY_BYTES` of it. */
  readonly body: Uint8Array;
}

/** The newest messages of a tail, in bounded memory. */
export class KeptMessages {
  #messages: KeptMessage[] = [];
  #bytes = 0;
  #end = 0;

  get start(): number {
    return this.#messages[0]?.position ?? this.#end;
  }

  get end(): number {
    return this.#end;
  }

  add({ id, publishTime, orderingKey, attributes, body }: HandlerContext): void {
    const message = {
      position: this.#end++,
      id,
      publishTime,
      orderingKey,
      attributes: { ...attributes },
      bytes: body.byteLength,
      // A copy: the bytes belong to the client library.
      body: body.slice(0, KEPT_BODY_BYTES),
    };
    this.#messages.push(message);
    this.#bytes += sizeOf(message);
    let gone = 0;
    while (
      this.#messages.length - gone > MAX_MESSAGES ||
      (this.#bytes > MAX_BYTES && this.#messages.length - gone > 1)
    ) {
      const oldest = this.#messages[gone];
      if (oldest === undefined) break;
      this.#bytes -= sizeOf(oldest);
      gone += 1;
    }
    if (gone > 0) this.#messages = this.#messages.slice(gone);
  }

  /** From a position on, at most `most`, which together have at most so many bytes of bodies; at least one if there is one. */
  from(position: number, most: number, mostBytes: number): readonly KeptMessage[] {
    const found: KeptMessage[] = [];
    let bytes = 0;
    for (const message of this.#messages.slice(Math.max(0, position - this.start))) {
      bytes += message.body.byteLength;
      if (found.length > 0 && (found.length >= most || bytes > mostBytes)) break;
      found.push(message);
    }
    return found;
  }
}

function sizeOf({ body, attributes }: KeptMessage): number {
  return Object.entries(attributes).reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    body.byteLength + 500,
  );
}
