/** A promise of the contract that was not kept. Its message says what was expected and what was seen. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Throws one violation that names them all; nothing when there is none. */
export function raise(violations: readonly string[]): void {
  if (violations.length > 0) throw new Violation(violations.join("\n"));
}
