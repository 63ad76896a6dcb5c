import type { PublishResult } from "@anytopic/core";
import type { EncodedBatch, EncodedPublish } from "@anytopic/core/relay";

import { requireStorable } from "./require-storable.ts";

/** The entries of a batch: what can be stored, and how each entry ends. */
export class EncodedResults {
  readonly #batch: EncodedBatch;
  /** By entry: why it is not stored. */
  readonly #errors = new Map<number, unknown>();

  constructor(batch: EncodedBatch) {
    this.#batch = batch;
    batch.entries.forEach((entry, index) => {
      if (entry.message === undefined) this.#errors.set(index, entry.error);
      else this.#try(index, entry);
    });
  }

  /** Resolves when every asynchronous schema has answered. `undefined` when there is none. Never rejects. */
  get valid(): Promise<unknown> | undefined {
    const waits = this.#batch.entries.flatMap((entry, index) =>
      entry.message === undefined || entry.valid === undefined || this.#errors.has(index)
        ? []
        : [entry.valid.catch((error: unknown) => this.#fail(index, entry, error))],
    );
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** What must be stored. */
  get storable(): readonly EncodedPublish[] {
    return this.#batch.entries.flatMap((entry, index) =>
      entry.message === undefined || this.#errors.has(index) ? [] : [entry],
    );
  }

  /** All that is storable is stored. */
  stored(): readonly PublishResult[] {
    return this.#end(undefined);
  }

  /** None is stored. */
  failed(error: unknown): void {
    this.#end({ error });
  }

  #end(failure: { readonly error: unknown } | undefined): readonly PublishResult[] {
    const results = this.#batch.entries.map((entry, index): PublishResult => {
      if (entry.message === undefined || this.#errors.has(index)) return { ok: false, error: this.#errors.get(index) };
      entry.ended?.({ error: failure?.error });
      return failure === undefined ? { ok: true, id: entry.message.id } : { ok: false, error: failure.error };
    });
    this.#batch.ended(results);
    return results;
  }

  #try(index: number, entry: EncodedPublish): void {
    try {
      requireStorable(entry.message);
    } catch (error) {
      this.#fail(index, entry, error);
    }
  }

  #fail(index: number, entry: EncodedPublish, error: unknown): void {
    this.#errors.set(index, error);
    entry.ended?.({ error });
  }
}
