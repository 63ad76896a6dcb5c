export { adapterModule, aws } from "./adapter.ts";
export { awsCapabilities } from "./capabilities.ts";
export type { AwsClients } from "./connection.ts";
export type { AwsOptions } from "./options.ts";
