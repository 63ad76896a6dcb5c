export interface UsageErrorOptions extends ErrorOptions {
  /** An unknown name and the known ones: the hint names the closest one. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** The command line or the configuration cannot be used: exit code 2. `hint` says what to do, in one sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly hint: string | undefined;
  readonly unknown: UsageErrorOptions["unknown"];

  constructor(message: string, hint?: string, options: UsageErrorOptions = {}) {
    super(message, options);
    this.hint = hint;
    this.unknown = options.unknown;
  }
}
