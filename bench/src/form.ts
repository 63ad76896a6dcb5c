/** One way to publish and consume on one broker: a raw client, a peer library, or anytopic. */
export interface Form {
  readonly name: string;
  /** Sends so many events; resolves when all are accepted. */
  publish(count: number): Promise<void>;
  /** Receives, decodes and acknowledges so many; resolves when all are. */
  consume(count: number): Promise<void>;
  /** Resolves when nothing of an earlier run is under way any more. Awaited before each run, and not measured. */
  idle?(): Promise<unknown>;
  close(): Promise<void>;
}

/** What is measured of one run of one form. */
export interface Sample {
  readonly perSecond: number;
  /** CPU time of this process per event, in µs. Brokers run in processes of their own. */
  readonly cpuMicros: number;
  /** Memory of this process at its fullest, over what it had before, garbage included. */
  readonly peakBytes: number;
}
