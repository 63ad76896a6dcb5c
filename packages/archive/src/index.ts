export type { ArchivedMessage, ArchiveSelection, ArchiveStore } from "./archive-store.ts";
export { type ArchiveOptions, defineArchive } from "./define-archive.ts";
export { fileArchive, type FileArchiveOptions } from "./files/file-archive.ts";
export { replay } from "./replay/replay.ts";
export type { ReplayOptions, ReplayResult } from "./replay/replay-options.ts";
export { s3Archive, type S3ArchiveOptions } from "./s3/s3-archive.ts";
export type { S3ArchiveClient } from "./s3/s3-client.ts";
export { sqlArchive } from "./sql/sql-archive.ts";
export { startArchive, type StartArchiveOptions } from "./start-archive.ts";
