/** A promise of the contract that was not kept. Its message says what was expected and what was seen. */
export class Violation extends Error {
  override readonly name = "Violation";
}
