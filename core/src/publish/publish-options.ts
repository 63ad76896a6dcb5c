import type { Attributes } from "../contract/message.ts";
import type { AnyTopic } from "../declare/topic.ts";

export interface PublishOptions {
  /** See `Attributes` for what is allowed. */
  readonly attributes?: Attributes | undefined;
  /** Instead of a new id: makes a repeated publish recognisable. 1 to 128 printable ASCII characters. */
  readonly id?: string | undefined;
  /** Rejects the call at once with the abort reason. A publish that is already on its way may happen all the same. */
  readonly signal?: AbortSignal | undefined;
}

export interface PublishEntry<Input> extends Omit<PublishOptions, "signal"> {
  readonly event: Input;
}

/** What became of one entry of a batch. `error` is a `PubSubError`, a `TypeError`, or the abort reason. */
export type PublishResult =
  | { readonly ok: true; readonly id: string }
  | { readonly ok: false; readonly error: unknown };

/** An object that can only publish to one topic: what library code is handed. */
export interface Publisher<Input> {
  readonly topic: AnyTopic;
  publish(event: Input, options?: PublishOptions): Promise<string>;
  publishBatch(
    entries: readonly PublishEntry<Input>[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly PublishResult[]>;
}
