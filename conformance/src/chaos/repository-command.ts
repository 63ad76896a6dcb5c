/**
 * `npm run chaos -- --adapter nats --schedules 100 --seed 1` and `npm run soak -- --adapter nats --minutes 60`, in this
 * repository: against a private broker. `--adapter` may be the name of one of our adapters. All other options are those of
 * `anytopic-conformance --tier chaos` and `--tier soak`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

// A broker that somebody has named in the environment is not ours to kill.
for (const name of ["NATS_URL", "RABBITMQ_URL", "AMQP_URL", "AWS_ENDPOINT_URL", "PUBSUB_EMULATOR_HOST", "REDIS_URL"])
  delete process.env[name];

const [tier = "", ...args] = process.argv.slice(2);
const at = args.indexOf("--adapter") + 1;
const harness = join(import.meta.dirname, "../../../adapters", args[at] ?? "", "test/harness.ts");
if (at > 0 && existsSync(harness)) args[at] = harness;
process.argv.splice(2, Infinity, "--tier", tier, ...args);
await import("../cli.ts");
