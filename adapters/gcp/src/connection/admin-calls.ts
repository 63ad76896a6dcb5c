/** What the generated clients return is a promise that can also be cancelled, which their types do not say. */
interface Cancellable {
  cancel?(): void;
}

/** The admin calls under way: they are retried by the client library for minutes, so closing has to end them. */
export class AdminCalls {
  readonly #calls = new Set<Cancellable>();

  async answer<Result>(call: Promise<Result>): Promise<Result> {
    const cancellable = call as Cancellable;
    this.#calls.add(cancellable);
    try {
      return await call;
    } finally {
      this.#calls.delete(cancellable);
    }
  }

  cancel(): void {
    for (const call of this.#calls) call.cancel?.();
  }
}
