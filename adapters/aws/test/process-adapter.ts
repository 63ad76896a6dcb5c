import { aws, type AwsOptions } from "@anytopic/aws";
import type { Adapter } from "@anytopic/core/driver";

/** The adapter of the suite's worker processes. */
export function adapter(options: AwsOptions): Adapter {
  return aws(options);
}
