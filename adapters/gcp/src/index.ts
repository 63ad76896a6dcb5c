export { adapterModule, gcp } from "./adapter.ts";
export { gcpCapabilities } from "./capabilities.ts";
export type { GcpOptions } from "./options.ts";
export type { GcpStatisticsReader, GcpStatisticsRequest } from "./statistics.ts";
