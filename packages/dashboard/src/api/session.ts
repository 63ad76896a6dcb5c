import type { Permission } from "../options.ts";

/** `GET /api/session` */
export interface Session {
  readonly user: string;
  readonly can: readonly Permission[];
  readonly version: string;
  /** Why there is no broker; `null` when there is one. */
  readonly unavailable: { readonly code: string; readonly message: string } | null;
  /** Broker program and version; `null` while it is away. */
  readonly server: string | null;
  readonly adapter: string | null;
}
