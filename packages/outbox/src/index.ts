export { createOutbox } from "./create-outbox.ts";
export type { BatchOptions, Outbox, SyncOutbox } from "./outbox.ts";
export type { AsyncOutboxOptions, OutboxOptions, SyncOutboxOptions } from "./outbox-options.ts";
