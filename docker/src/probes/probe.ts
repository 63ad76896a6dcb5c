/** What a server reports about itself. */
export interface ProbeResult {
  readonly implementation?: string;
  readonly version?: string;
}

/** Asks once, in the broker's own protocol; `undefined` as long as nothing there gives a correct answer. */
export type Probe = (host: string, port: number) => Promise<ProbeResult | undefined>;

/** How long one answer may take before the probe gives up. */
export const PROBE_MS = 2_000;
