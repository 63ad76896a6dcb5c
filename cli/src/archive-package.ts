import type { AnySubscription, Logger, PubSub, Worker } from "@anytopic/core";
import { importPackage } from "./import-package.ts";
import { UsageError } from "./usage-error.ts";

// This program does not depend on that package: the application installs it. Here is what it uses of it.

export interface ArchiveStore {
  close(): Promise<void>;
}

export interface ReplayResult {
  readonly sent: number;
  readonly left: number;
  readonly position: Date | undefined;
}

export interface ReplayOptions {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly ratePerSecond?: number | undefined;
  readonly asNew?: string | undefined;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: ReplayResult) => void;
  readonly signal: AbortSignal;
}

export interface ArchivePackage {
  fileArchive(folder: string, options: { readonly logger: Logger }): ArchiveStore;
  startArchive(
    pubsub: PubSub,
    archive: AnySubscription,
    store: ArchiveStore,
    options: { readonly logger: Logger; readonly onArchived: (messages: number) => void },
  ): Promise<Worker>;
  replay(
    pubsub: PubSub,
    subscription: AnySubscription,
    store: ArchiveStore,
    options: ReplayOptions,
  ): Promise<ReplayResult>;
}

export interface OpenArchive {
  readonly archive: ArchivePackage;
  readonly store: ArchiveStore;
}

const HINT = "a folder, such as ./archive";

/**
 * Opens the store that a flag names, and closes it when `use` is done.
 *
 * @throws UsageError when the flag is missing or names no store, or a package is not installed
 */
export async function withArchive<Result>(
  option: string,
  place: string | undefined,
  logger: Logger,
  use: (open: OpenArchive) => Promise<Result>,
): Promise<Result> {
  if (place === undefined || place === "")
    throw new UsageError(`nothing says where the archive is`, `--${option} ${HINT}`);
  // A URL may have a password, so it is not shown.
  if (/^[a-z][a-z0-9+.-]+:/i.test(place)) throw new UsageError(`--${option} is a URL that is not known here`, HINT);
  const archive = (await importPackage("@anytopic/archive")) as ArchivePackage;
  const store = archive.fileArchive(place, { logger });
  try {
    return await use({ archive, store });
  } finally {
    await store.close();
  }
}
