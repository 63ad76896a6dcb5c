import type { AnyTopic } from "@anytopic/core";
import type { TailBatch, TailMessage } from "../api/tail.ts";
import { type ShownLetterBody, shownLetterBody } from "../letters/shown-body.ts";
import { beginningOf } from "../letters/strict-text.ts";
import { wireTime } from "../letters/wire-time.ts";
import type { StreamSource } from "../streams/server-sent-events.ts";
import { KEPT_BODY_BYTES, type KeptMessage, type KeptMessages } from "./kept-messages.ts";

const MAX_MESSAGES = 100;
const MAX_BYTES = 512 * 1024;
/** In characters. */
const ONE_LINE = 100;

/** What a cursor reads. */
export interface FollowedTail {
  readonly topic: AnyTopic;
  readonly kept: KeptMessages;
  /** Why there will be no more. */
  readonly ended: string | undefined;
  /** Calls `wake` once, at the next message or the end. Returns how to forget it. */
  atNext(wake: () => void): () => void;
}

/** Where one stream is in a tail. */
export class TailCursor implements StreamSource {
  readonly #session: FollowedTail;
  readonly #onLeft: () => void;
  #position: number;
  #isFirst = true;
  #saidEnd = false;

  constructor(session: FollowedTail, after: string | undefined, onLeft: () => void) {
    this.#session = session;
    this.#onLeft = onLeft;
    const asked = after !== undefined && /^\d{1,15}$/.test(after) ? Number(after) : 0;
    this.#position = Math.min(asked, session.kept.end);
  }

  next(): { readonly id: string; readonly data: TailBatch } | "end" | undefined {
    if (this.#saidEnd) return "end";
    const { kept, ended = null } = this.#session;
    const missed = Math.max(0, kept.start - this.#position);
    const found = kept.from(this.#position + missed, MAX_MESSAGES, MAX_BYTES);
    if (found.length === 0 && missed === 0 && ended === null && !this.#isFirst) return undefined;
    this.#isFirst = false;
    this.#position = (found.at(-1)?.position ?? this.#position + missed - 1) + 1;
    const isLast = ended !== null && this.#position >= kept.end;
    this.#saidEnd = isLast;
    const messages = found.map((message) => this.#shown(message));
    return { id: String(this.#position), data: { messages, missed, ended: isLast ? ended : null } };
  }

  atNext(wake: () => void): () => void {
    if (this.#position < this.#session.kept.end) {
      const timer = setTimeout(wake);
      return () => clearTimeout(timer);
    }
    return this.#session.atNext(wake);
  }

  left(): void {
    this.#onLeft();
  }

  #shown({ position, id, publishTime, orderingKey, attributes, bytes, body }: KeptMessage): TailMessage {
    const isCut = bytes > body.byteLength;
    const beginning = isCut ? beginningOf(body, KEPT_BODY_BYTES - 4) : undefined;
    const whole = beginning === undefined ? shownLetterBody(this.#session.topic, body) : undefined;
    return {
      position,
      id,
      publishTime: wireTime(publishTime),
      orderingKey: orderingKey ?? null,
      attributes,
      bytes,
      form: whole?.form ?? "text",
      body: whole === undefined ? (beginning ?? "") : shortOrPretty(whole),
      isCut: isCut || whole?.isCut === true,
    };
  }
}

/** A short JSON text needs no lines. */
function shortOrPretty({ form, raw, body }: ShownLetterBody): string {
  return form === "json" && raw.length <= ONE_LINE && !raw.includes("\n") ? raw : body;
}
