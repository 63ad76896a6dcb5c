/** How one option of an adapter is read and checked: a row of its table. */
export interface OptionRule<Value> {
  /** How a URL's text is read, and whether an error may show the value: not that of a secret, a list or an object. */
  readonly kind: "integer" | "boolean" | "text" | "secret" | "list" | "object";
  /** Whether the query of a URL may say it; text is its name there, where that is another one. */
  readonly inUrl: boolean | string;
  /** What it is when it is left out. */
  readonly default: Value;
  /** Returns the value as it is meant. @throws TypeError that begins with `option` and says what is allowed */
  check(option: string, value: unknown): Value;
}
