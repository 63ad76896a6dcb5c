/**
 * A message that is dead-lettered at least once while the node starts, before it has its exchanges again, is tried once more
 * after this time, 180 s unless set. docs/adr/023-rabbitmq-restart.md has the story; `rabbitmq.conf` has no name for it.
 */
export const RABBITMQ_ADVANCED_CONFIG = "[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 5000}]}].\n";

/** Small enough for several nodes on one laptop; a write-ahead log of 64 MiB wants three times that in memory. */
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
