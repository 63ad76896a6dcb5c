import { gcp, type GcpOptions } from "@anytopic/gcp";
import type { Adapter } from "@anytopic/core/driver";

/** For the suite's worker processes. */
export function adapter(options: GcpOptions): Adapter {
  return gcp(options);
}
