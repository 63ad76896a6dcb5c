import type { Logger } from "@anytopic/core/driver";

/** Fixed in 2.12.8: https://github.com/nats-io/nats-server/pull/8035 (2026-11-26). */
const PURGED_BY_HEADERS = /^2\.12\.[0-7](?!\d)/;

/** Says in the log what a server of this version does wrong when that may cost messages of others. */
export function warnOfServerFaults(version: string, logger: Logger): void {
  if (!PURGED_BY_HEADERS.test(version)) return;
  logger.warn(
    { server: `nats-server ${version}` },
    "on this version whoever may publish to a topic can remove all of its messages: upgrade to nats-server 2.12.8 or later",
  );
}
