import { benchAws } from "./aws.ts";
import { benchGcp } from "./gcp.ts";
import { benchMemory } from "./memory.ts";
import { benchMetrics } from "./metrics.ts";
import { benchNats } from "./nats.ts";
import { benchOpenTelemetry } from "./opentelemetry.ts";
import { benchOutboxInsert } from "./outbox-insert.ts";
import { benchOutboxRelay } from "./outbox-relay.ts";
import { benchRabbitmq } from "./rabbitmq.ts";
import { benchRedis } from "./redis.ts";

/** What `npm run bench -- <name>…` can measure; without a name, everything. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  memory: benchMemory,
  metrics: benchMetrics,
  nats: benchNats,
  rabbitmq: benchRabbitmq,
  redis: benchRedis,
  aws: benchAws,
  gcp: benchGcp,
  opentelemetry: benchOpenTelemetry,
  "outbox-insert": benchOutboxInsert,
  "outbox-relay": benchOutboxRelay,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`error: no bench ${unknown.join(", ")}: known are ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
console.log(`node ${process.versions.node}, ${process.arch}; ratios are to the first line of each group`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (names.length === 0 || names.includes(name)) await bench();
}
process.exit(0);
