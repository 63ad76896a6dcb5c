import type { Permission } from "../options.ts";

/** `GET /api/session` */
export interface Session {
  readonly user: string;
  readonly can: readonly Permission[];
  readonly version: string;
  /** Why there is no broker; `null` when there is one. */
  readonly unavailable: Unavailable | null;
  /** Broker program and version; `null` while it is away. */
  readonly server: string | null;
  readonly adapter: string | null;
}

export interface Unavailable {
  readonly code: string;
  readonly message: string;
  /** What helps, for a person. */
  readonly advice: string;
}
