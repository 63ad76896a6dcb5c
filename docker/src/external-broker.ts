import type { Broker, BrokerKind } from "./broker.ts";
import { probeAmqp } from "./probes/probe-amqp.ts";
import { identifyAws, identifyGcp } from "./probes/identify-emulator.ts";
import { probeNats } from "./probes/probe-nats.ts";
import { probeRedis } from "./probes/probe-redis.ts";
import { probeTcp } from "./probes/probe-tcp.ts";
import type { Probe } from "./probes/probe.ts";

interface ExternalKind {
  readonly variables: readonly string[];
  readonly scheme: string;
  readonly port: number;
  readonly probe: Probe;
}

const KINDS: Readonly<Record<BrokerKind, ExternalKind>> = {
  nats: { variables: ["NATS_URL"], scheme: "nats:", port: 4222, probe: probeNats },
  rabbitmq: { variables: ["RABBITMQ_URL", "AMQP_URL"], scheme: "amqp:", port: 5672, probe: probeAmqp },
  redis: { variables: ["REDIS_URL"], scheme: "redis:", port: 6379, probe: probeRedis },
  aws: { variables: ["AWS_ENDPOINT_URL"], scheme: "http:", port: 80, probe: identifyAws },
  gcp: { variables: ["PUBSUB_EMULATOR_HOST"], scheme: "http:", port: 8085, probe: identifyGcp },
};

/** The environment variables that can name a broker of this kind. */
export function externalVariables(kind: BrokerKind): readonly string[] {
  return KINDS[kind].variables;
}

/** The broker that an environment variable names; `undefined` when none is set. Rejects when nothing answers there. */
export async function findExternalBroker(kind: BrokerKind): Promise<Broker | undefined> {
  const { variables, scheme, port: defaultPort, probe } = KINDS[kind];
  const variable = variables.find((name) => (process.env[name] ?? "") !== "");
  if (variable === undefined) return undefined;
  const url = process.env[variable] as string;
  const { host, port, plain } = parse(variable, url, scheme, defaultPort);

  // With TLS only the client itself can ask the broker; here we can only check that something listens.
  const answer = await (plain ? probe : probeTcp)(host, port);
  if (answer === undefined) {
    throw new Error(
      `${variable} names ${host}:${port}, but no ${kind} broker answers there; start it, or unset ${variable}`,
    );
  }
  return {
    kind,
    provider: "external",
    implementation: answer.implementation ?? kind,
    version: answer.version ?? "unknown",
    host,
    port,
    url,
    survivesRestart: kind === "nats" || kind === "rabbitmq" || kind === "redis",
    close: () => Promise.resolve(),
  };
}

function parse(
  variable: string,
  url: string,
  scheme: string,
  defaultPort: number,
): { readonly host: string; readonly port: number; readonly plain: boolean } {
  // A list of servers is a cluster: the first server represents it.
  const first = url.split(",")[0] as string;
  const parsed = URL.parse(first.includes("://") ? first : `${scheme}//${first}`);
  if (parsed === null || parsed.hostname === "") {
    // The value may hold a password and is not repeated.
    throw new Error(`${variable} is not a URL such as ${scheme}//127.0.0.1:${defaultPort}`);
  }
  const plain = parsed.protocol === scheme;
  const tlsPort = parsed.protocol === "https:" ? 443 : parsed.protocol === "amqps:" ? 5671 : defaultPort;
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: parsed.port === "" ? (plain ? defaultPort : tlsPort) : Number(parsed.port),
    plain,
  };
}
