/** A settle that was made while disconnected. */
export interface WaitingSettle {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** After this it is not sent any more, by the monotonic clock. */
  readonly untilMs: number;
}
