import type { BrokerKind } from "../broker.ts";
import { findFauxqsProcess } from "./fauxqs-process.ts";
import { findGcpEmulator } from "./gcp-emulator.ts";
import { findMoto } from "./moto.ts";
import type { FindNativeProgram } from "./native-program.ts";
import { findNatsServer } from "./nats-server.ts";
import { findRabbitmqServer } from "./rabbitmq-server.ts";
import { findRedisSentinel, findRedisServer, findValkeyServer } from "./redis-server.ts";

const PROGRAMS: Readonly<Record<BrokerKind, readonly FindNativeProgram[]>> = {
  nats: [findNatsServer],
  rabbitmq: [findRabbitmqServer],
  redis: [findRedisServer, findValkeyServer, findRedisSentinel],
  aws: [findFauxqsProcess, findMoto],
  gcp: [findGcpEmulator],
};

/** The programs that can serve as a broker of this kind, the preferred one first. */
export function nativePrograms(kind: BrokerKind): readonly FindNativeProgram[] {
  return PROGRAMS[kind];
}
