/**
 * Thrown by a handler: this message will never succeed, dead-letter it now. Its message, the reason, goes into the
 * dead-letter record: `throw new Reject("unknown account")`.
 */
export class Reject extends Error {
  override readonly name = "Reject";
}
