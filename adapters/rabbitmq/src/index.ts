export { rabbitmqCapabilities } from "./capabilities.ts";
export type { RabbitmqNative } from "./native.ts";
export type { RabbitmqOptions } from "./options.ts";
export { adapterModule, rabbitmq } from "./rabbitmq.ts";
