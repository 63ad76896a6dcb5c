/**
 * If an at-least-once dead-letter queue dead-letters a message while the node starts, before the exchanges are
 * recovered, it tries again only after this time, 180 s by default. docs/adr/023-rabbitmq-restart.md explains it.
 * `rabbitmq.conf` has no name for this setting.
 */
export const RABBITMQ_ADVANCED_CONFIG = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].\n";

/** Small enough for several nodes on one laptop; a write-ahead log of 64 MiB needs three times that in memory. */
export function rabbitmqConfig(listeners: string, more: string | undefined): string {
  return [
    listeners,
    "vm_memory_high_watermark.absolute = 1GB",
    "disk_free_limit.absolute = 50MB",
    "raft.wal_max_size_bytes = 67108864",
    "log.console.level = warning",
    more ?? "",
    "",
  ].join("\n");
}
