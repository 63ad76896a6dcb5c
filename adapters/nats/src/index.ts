export { adapterModule, nats } from "./adapter.ts";
export { natsCapabilities } from "./capabilities.ts";
export type { NatsOptions } from "./options.ts";
