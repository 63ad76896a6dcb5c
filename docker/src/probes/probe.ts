/** What a server says about itself. */
export interface ProbeResult {
  readonly implementation?: string;
  readonly version?: string;
}

/** Asks once, in the broker's own protocol; `undefined` while nothing there answers as it should. */
export type Probe = (host: string, port: number) => Promise<ProbeResult | undefined>;

/** How long one answer may take before the probe gives up. */
export const PROBE_MS = 2_000;
