import type { Capabilities } from "../contract/capabilities.ts";

/** One connection of a `PubSub`. */
export interface ConnectionInfo {
  readonly name: string;
  /** The adapter's name. */
  readonly adapter: string;
  /** Broker program and version, as the server tells it. */
  readonly server: string;
  readonly capabilities: Capabilities;
  /** The client library's own object, see the adapter's README. */
  readonly native: unknown;
  /** What `plan` cannot see on this broker, and how to look at it by hand, as a sentence. `undefined` when it sees everything. */
  readonly blindSpot: string | undefined;
}
