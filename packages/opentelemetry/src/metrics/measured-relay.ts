/** What is read of a relay. `Relay` of `@anytopic/outbox` has it. */
export interface MeasuredRelay {
  health(): { readonly closing: boolean; readonly published: number };
  stats(): Promise<{ readonly topics: readonly MeasuredOutboxTopic[] }>;
}

/** What the database tells of one topic of an outbox. */
export interface MeasuredOutboxTopic {
  readonly topic: string;
  readonly waiting: number;
  readonly oldestAgeMs: number;
  readonly held: number;
  readonly parked: number;
}
