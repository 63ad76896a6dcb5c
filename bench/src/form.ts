/** One way to publish and consume on one broker: a raw client, a peer library, or anytopic. */
export interface Form {
  readonly name: string;
  /** Sends this many events; resolves when all are accepted. */
  publish(count: number): Promise<void>;
  /** Receives, decodes and acknowledges this many; resolves when all are acknowledged. */
  consume(count: number): Promise<void>;
  /** Resolves when nothing of an earlier run is pending. Awaited before each run, and not measured. */
  idle?(): Promise<unknown>;
  close(): Promise<void>;
}

/** What is measured of one run of one form. */
export interface Sample {
  readonly perSecond: number;
  /** CPU time of this process per event, in µs. Brokers run in other processes. */
  readonly cpuMicros: number;
  /** Peak memory of this process above its level before the run, garbage included. */
  readonly peakBytes: number;
}
