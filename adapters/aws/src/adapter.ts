import type { AwsClients } from "./connection.ts";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { awsCapabilities } from "./capabilities.ts";
import { openDriver } from "./driver.ts";
import { exporterOf } from "./exporter.ts";
import { type AwsOptions, type CheckedOptions, checkedOptions, optionsFromUrl } from "./options.ts";
import { filterPolicy } from "./topology/filter-policy.ts";

/**
 * Amazon SNS and SQS, configured but not yet contacted.
 *
 * @throws TypeError when an option is unknown or not allowed
 */
export function aws(options: AwsOptions = {}): Adapter<AwsClients> {
  return adapter(checkedOptions(options));
}

/** `aws://<region>?account=…&endpoint=…&profile=…&prefix=…` */
export const adapterModule: AdapterModule = Object.freeze({
  schemes: Object.freeze(["aws"]),
  fromUrl: (url: string, options?: unknown) => adapter(optionsFromUrl(url, options)),
  exporter: (url: string, options?: unknown) => exporterOf(optionsFromUrl(url, options)),
});

function adapter(options: CheckedOptions): Adapter<AwsClients> {
  return Object.freeze({
    name: "aws",
    capabilities: awsCapabilities,
    filterInWorker: ({ filter = [] }) => filterPolicy(filter).inWorker,
    open: (context, signal) => openDriver(options, context, signal),
  } satisfies Adapter<AwsClients>);
}
