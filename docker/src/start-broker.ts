import type { Broker, BrokerKind, BrokerProvider, StartBrokerOptions } from "./broker.ts";
import { BrokerUnavailableError } from "./broker-unavailable-error.ts";
import { startContainerBroker } from "./container/start-container-broker.ts";
import { externalVariables, findExternalBroker } from "./external-broker.ts";
import { isInstalled } from "./is-installed.ts";
import { nativePrograms } from "./native/native-programs.ts";
import { startNativeBroker } from "./native/start-native-broker.ts";
import { startEmbeddedFauxqs } from "./start-embedded-fauxqs.ts";

const PROVIDERS: readonly BrokerProvider[] = ["external", "docker", "native", "embedded"];
// The embedded emulator is ready at once and the same everywhere, so AWS tries it before a program.
const AWS_PROVIDERS: readonly BrokerProvider[] = ["external", "docker", "embedded", "native"];

const INSTALL_COMMAND = "scripts/install-brokers.sh";

/**
 * Returns a running broker. It tries in this order: the one a variable in the environment names (`NATS_URL`;
 * `RABBITMQ_URL` or `AMQP_URL`; `REDIS_URL`; `AWS_ENDPOINT_URL`; `PUBSUB_EMULATOR_HOST`), a container when a Docker engine
 * answers, a program of this machine, a library in this process (AWS: the library first).
 * `BROKERS=external|docker|native|embedded` uses only that one; `native` includes the embedded one if a kind has no
 * program. If an implementation or an image is requested, an external broker is never used, unless `BROKERS` says so.
 *
 * @throws {BrokerUnavailableError} when no provider has a broker: it says why, and which command helps.
 */
export async function startBroker(kind: BrokerKind, options: StartBrokerOptions = {}): Promise<Broker> {
  const reasons: string[] = [];
  const providers = chooseProviders(kind, options);
  for (const provider of providers) {
    try {
      const found = await PROVIDE[provider](kind, options);
      if (typeof found !== "string") return found;
      reasons.push(found);
    } catch (error) {
      reasons.push(`${provider}: ${(error as Error).message}`);
      // If the named broker is down, that is a mistake to correct, not a reason to test another broker.
      if (provider === "external") break;
    }
  }
  throw new BrokerUnavailableError(kind, reasons, helpfulCommand(kind, providers));
}

/** Each returns a broker, or the reason why it has none. A rejection means that it tried and failed. */
const PROVIDE: Readonly<
  Record<BrokerProvider, (kind: BrokerKind, options: StartBrokerOptions) => Promise<Broker | string>>
> = {
  async external(kind) {
    const broker = await findExternalBroker(kind);
    return broker ?? `external: ${externalVariables(kind).join(" and ")} not set`;
  },
  docker: startContainerBroker,
  async native(kind, options) {
    const programs = nativePrograms(kind).map((find) => find(options));
    const missing = programs.filter((program) => typeof program === "string");
    const program = programs
      .filter((program) => typeof program !== "string")
      .find(({ implementation }) => (options.implementation ?? implementation) === implementation);
    if (program !== undefined) return await startNativeBroker(kind, program, options);
    return missing.join("; ") || `native: no program gives ${kind} as ${options.implementation}`;
  },
  async embedded(kind, { implementation = "fauxqs" }) {
    if (kind !== "aws" || implementation !== "fauxqs") return `embedded: no library gives ${kind}`;
    if (!isInstalled("fauxqs")) return "embedded: the package fauxqs is not installed";
    return await startEmbeddedFauxqs();
  },
};

function chooseProviders(kind: BrokerKind, options: StartBrokerOptions): readonly BrokerProvider[] {
  if (options.provider !== undefined) return [options.provider];
  const forced = process.env["BROKERS"] ?? "";
  if (forced !== "") {
    if (!isProvider(forced)) {
      throw new TypeError(`BROKERS is "${forced}"; it can be ${PROVIDERS.join(", ")}, or unset`);
    }
    return forced === "native" && kind === "aws" ? ["embedded", "native"] : [forced];
  }
  const order = kind === "aws" ? AWS_PROVIDERS : PROVIDERS;
  const isParticular = options.implementation !== undefined || options.image !== undefined;
  return isParticular ? order.filter((provider) => provider !== "external") : order;
}

function isProvider(value: string): value is BrokerProvider {
  return (PROVIDERS as readonly string[]).includes(value);
}

function helpfulCommand(kind: BrokerKind, providers: readonly BrokerProvider[]): string {
  if (providers.includes("native")) return `${INSTALL_COMMAND} ${kind}`;
  if (providers.includes("docker")) return "docker/engine.sh start";
  return `export ${externalVariables(kind)[0]}=<where it listens>`;
}
