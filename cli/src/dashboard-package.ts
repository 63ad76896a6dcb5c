import type { LoadedConfig, Logger, PubSub } from "@anytopic/core";
import type { Declaration } from "./declarations.ts";
import { importPackage } from "./import-package.ts";

// This program does not depend on that package: the application installs it. Here is what it uses of it.

/** What somebody may do in the dashboard beside looking. */
export const PERMISSIONS = ["publish", "redrive", "purge", "pause", "tail"] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface ServedDashboard {
  /** `http://127.0.0.1:9401/` */
  readonly url: string;
  readonly port: number;
  newLink(): string;
  close(): Promise<void>;
}

export interface DashboardPackage {
  readonly isLoopback: (host: string) => boolean;
  readonly serveDashboard: (options: {
    readonly pubsub: () => Promise<PubSub>;
    readonly declarations: readonly Declaration[];
    readonly config: LoadedConfig;
    readonly host: string;
    readonly port: number;
    readonly anyPort: boolean;
    readonly token: string | undefined;
    readonly can: readonly Permission[];
    readonly hosts: readonly string[];
    readonly ingest: { readonly token: string } | undefined;
    readonly logger: Logger;
  }) => Promise<ServedDashboard>;
}

/** @throws UsageError when it is not installed */
export async function importDashboardPackage(): Promise<DashboardPackage> {
  return (await importPackage("@anytopic/dashboard/node")) as DashboardPackage;
}
