import type { AnySubscription, Logger, PubSub, Worker } from "@anytopic/core";
import type { DatabasePool } from "./outbox-packages.ts";

// This program does not depend on that package: the application installs it. Here is what it uses of it.

export interface ArchiveStore {
  close(): Promise<void>;
}

/** The class `S3` of `@aws-sdk/client-s3`. */
export interface S3Client {
  destroy(): void;
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
  sqlArchive(
    pool: DatabasePool,
    options: { readonly schema: string | undefined; readonly tablePrefix: string | undefined },
  ): ArchiveStore;
  s3Archive(
    client: S3Client,
    options: { readonly bucket: string; readonly prefix: string; readonly logger: Logger },
  ): ArchiveStore;
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
