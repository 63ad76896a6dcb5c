import type { BodyForm } from "./letters.ts";

/** `POST /api/tail` */
export interface TailRequest {
  readonly topic: string;
  /** Only messages that have all of these. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface TailAnswer {
  /** For `GET /api/tail-events?tail=…` and `POST /api/tail-end`. */
  readonly tail: string;
  /** The name of the temporary subscription. */
  readonly subscription: string;
}

export interface TailMessage {
  /** Counted from 0. */
  readonly position: number;
  readonly id: string;
  /** `null` when the message does not say. */
  readonly publishTime: string | null;
  readonly orderingKey: string | null;
  readonly attributes: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly form: BodyForm;
  readonly body: string;
  /** The body is longer than what is shown. */
  readonly isCut: boolean;
}

/** One message of `GET /api/tail-events`, a stream of server-sent events. */
export interface TailBatch {
  readonly messages: readonly TailMessage[];
  /** Messages that came too fast to be kept for this visitor. */
  readonly missed: number;
  /** Why there will be no more; `null` while it goes on. */
  readonly ended: string | null;
}
