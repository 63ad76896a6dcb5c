import type { Logger } from "@anytopic/core";
import type { ArchivePackage, ArchiveStore, S3Client } from "./archive-package.ts";
import type { OptionSpecs } from "./command.ts";
import { DATABASE_OPTIONS, isDatabaseUrl, openDatabase } from "./database.ts";
import type { Given } from "./given.ts";
import { importPackage } from "./import-package.ts";
import type { SqlPackage } from "./outbox-packages.ts";
import { UsageError } from "./usage-error.ts";

const FORMS = "./folder, s3://bucket/prefix, or the URL of a database: postgres://user@host/database";

/** What the flag that names a store says in the help. */
export const PLACE_DESCRIPTION: string = `where the archive is: ${FORMS}`;

/** Flags that say more about an archive in a database. */
export const ARCHIVE_TABLE_OPTIONS: OptionSpecs = Object.freeze({
  schema: DATABASE_OPTIONS["schema"],
  "table-prefix": DATABASE_OPTIONS["table-prefix"],
} as OptionSpecs);

export interface OpenArchive {
  readonly archive: ArchivePackage;
  readonly store: ArchiveStore;
}

interface OpenPlace {
  readonly store: ArchiveStore;
  close(): unknown;
}

/**
 * Opens the store that a flag names, and closes it when `use` is done. `database:` stands for the URL in ANYTOPIC_DATABASE_URL.
 *
 * @throws UsageError when the flag is missing or names no store, or a package is not installed
 */
export async function withArchive<Result>(
  option: string,
  given: Given,
  logger: Logger,
  use: (open: OpenArchive) => Promise<Result>,
): Promise<Result> {
  const named = given.text(option) ?? "";
  if (named === "") throw new UsageError("nothing says where the archive is", `--${option} ${FORMS}`);
  const url = named === "database:" ? (process.env["ANYTOPIC_DATABASE_URL"] ?? "") : named;
  const isKnown = isDatabaseUrl(url) || S3_URL.test(url) || (url !== "" && !/^[a-z][a-z0-9+.-]+:/i.test(url));
  // A URL may have a password, so it is not shown.
  if (!isKnown) throw new UsageError(`--${option} is a URL that is not known here`, FORMS);
  const archive = (await importPackage("@anytopic/archive")) as ArchivePackage;
  const place = await opened(url, given, archive, logger);
  try {
    return await use({ archive, store: place.store });
  } finally {
    await place.store.close();
    await place.close();
  }
}

const S3_URL = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/;

async function opened(url: string, given: Given, archive: ArchivePackage, logger: Logger): Promise<OpenPlace> {
  const [, bucket, prefix = ""] = S3_URL.exec(url) ?? [];
  if (bucket !== undefined) return await openBucket(bucket, prefix, archive, logger);
  if (!isDatabaseUrl(url)) return { store: archive.fileArchive(url, { logger }), close: () => {} };
  const database = await openDatabase(url, (await importPackage("@anytopic/sql")) as SqlPackage);
  const options = { schema: given.text("schema"), tablePrefix: given.text("table-prefix") };
  return { store: archive.sqlArchive(database.pool, options), close: async () => await database.close() };
}

/** Region, credentials and endpoint are those that the SDK finds: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3, … */
async function openBucket(bucket: string, prefix: string, archive: ArchivePackage, logger: Logger): Promise<OpenPlace> {
  const { S3 } = (await importPackage("@aws-sdk/client-s3")) as { readonly S3: new (options: object) => S3Client };
  // Services of others have no host name for each bucket.
  const forcePathStyle = Boolean(process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"]);
  const client = new S3({ forcePathStyle });
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  return { store: archive.s3Archive(client, { bucket, prefix: folder, logger }), close: () => client.destroy() };
}
