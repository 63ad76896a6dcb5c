export { adapterModule, rabbitmq } from "./adapter.ts";
export { rabbitmqCapabilities } from "./capabilities.ts";
export type { RabbitmqNative } from "./connection/native.ts";
export type { RabbitmqOptions } from "./options.ts";
