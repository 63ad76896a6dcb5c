import type { Capabilities } from "@anytopic/core";
import type { WireFailure } from "./numbers.ts";

/** `GET /api/connections` */
export interface Connections {
  readonly unavailable: WireFailure | null;
  readonly health: "up" | "degraded" | "down" | null;
  readonly closing: boolean;
  /** Publishes of this process that are pending or waiting. */
  readonly publishing: number | null;
  readonly connections: readonly ConnectionDetail[];
}

export interface ConnectionDetail {
  readonly name: string;
  readonly isDefault: boolean;
  /** Without the login and without the values of its query. `null` when the dashboard was not given the configuration. */
  readonly url: string | null;
  /** Names of the options in the configuration; never their values. */
  readonly options: readonly string[];
  readonly state: "up" | "reconnecting" | "degraded" | "down" | "not-open";
  readonly error: WireFailure | null;
  readonly adapter: string | null;
  readonly server: string | null;
  readonly capabilities: Capabilities | null;
  readonly blindSpot: string | null;
  readonly topics: readonly string[];
  readonly subscriptions: readonly string[];
}
