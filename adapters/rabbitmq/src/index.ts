export { adapterModule, rabbitmq } from "./adapter.ts";
export { rabbitmqCapabilities } from "./capabilities.ts";
export type { RabbitmqNative } from "./driver.ts";
export type { RabbitmqOptions } from "./options.ts";
