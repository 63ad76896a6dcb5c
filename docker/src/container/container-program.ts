import type { Broker, StartBrokerOptions } from "../broker.ts";
import { natsConfig } from "../native/nats-server.ts";
import { redisConfig } from "../native/redis-server.ts";
import { identifyAws } from "../probes/identify-emulator.ts";
import { probeAmqp } from "../probes/probe-amqp.ts";
import { probeGrpc } from "../probes/probe-grpc.ts";
import { probeHttp } from "../probes/probe-http.ts";
import { probeNats } from "../probes/probe-nats.ts";
import { probeRedis } from "../probes/probe-redis.ts";
import type { Probe } from "../probes/probe.ts";
import { rabbitmqAdmin } from "../rabbitmq-admin.ts";
import { RABBITMQ_ADVANCED_CONFIG, rabbitmqConfig } from "../rabbitmq-config.ts";

/** How an implementation runs in a container, whoever built the image. */
export interface ContainerProgram {
  /** Inside the container. */
  readonly port: number;
  readonly survivesRestart: boolean;
  readonly probe: Probe;
  readonly url: (authority: string) => string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Target path to content. */
  readonly files?: (options: StartBrokerOptions) => Readonly<Record<string, string>>;
  /** The management command, if the image has one, on top of what runs commands in the container. */
  readonly admin?: (run: (command: readonly string[]) => Promise<string>) => NonNullable<Broker["admin"]>;
  /** Prints the version if neither protocol nor image states it. */
  readonly versionCommand?: readonly string[];
}

// Every image has /tmp, and every user may write there.
const NATS_CONFIG = "/tmp/anytopic-nats.conf";

const REDIS_CONFIG = "/tmp/anytopic-redis.conf";

const redis = (server: string, client: string): ContainerProgram => ({
  port: 6379,
  survivesRestart: true,
  probe: probeRedis,
  url: (authority) => `redis://${authority}`,
  entrypoint: [server],
  command: [REDIS_CONFIG],
  // The port is published on one address of the host; inside the container every address is meant.
  files: ({ config }) => ({ [REDIS_CONFIG]: `protected-mode no\nbind 0.0.0.0\n${redisConfig("/tmp", config)}` }),
  admin: (run) => async (args) => await run([client, ...args]),
});

const http = (authority: string): string => `http://${authority}`;

const PROGRAMS: Readonly<Record<string, ContainerProgram>> = {
  "nats-server": {
    port: 4222,
    survivesRestart: true,
    probe: probeNats,
    url: (authority) => `nats://${authority}`,
    entrypoint: ["nats-server"],
    command: ["--config", NATS_CONFIG],
    files: ({ config }) => ({ [NATS_CONFIG]: natsConfig("0.0.0.0:4222", "/tmp/jetstream", config) }),
  },
  rabbitmq: {
    port: 5672,
    survivesRestart: true,
    probe: probeAmqp,
    url: (authority) => `amqp://guest:guest@${authority}/`,
    files: ({ config }) => ({
      "/etc/rabbitmq/conf.d/90-anytopic.conf": rabbitmqConfig("", config),
      // All images, official and Debian's, look for it here.
      "/etc/rabbitmq/advanced.config": RABBITMQ_ADVANCED_CONFIG,
    }),
    admin: (run) => rabbitmqAdmin((args) => run(["rabbitmqctl", "--quiet", ...args])),
  },
  redis: redis("redis-server", "redis-cli"),
  valkey: redis("valkey-server", "valkey-cli"),
  localstack: {
    port: 4566,
    survivesRestart: false,
    probe: identifyAws,
    url: http,
    // The last setting: queue URLs have the port of the request, not the container's own.
    environment: { SERVICES: "sns,sqs,sts", EAGER_SERVICE_LOADING: "1", SQS_ENDPOINT_STRATEGY: "dynamic" },
  },
  moto: {
    port: 5000,
    survivesRestart: false,
    probe: probeHttp,
    url: http,
    versionCommand: ["python3", "-c", "import importlib.metadata as m; print(m.version('moto'))"],
  },
  fauxqs: { port: 4566, survivesRestart: false, probe: probeHttp, url: http },
  "gcp-emulator": {
    port: 8085,
    survivesRestart: false,
    probe: probeGrpc,
    url: (authority) => authority,
    command: ["gcloud", "beta", "emulators", "pubsub", "start", "--host-port=0.0.0.0:8085"],
  },
  pstest: { port: 8085, survivesRestart: false, probe: probeGrpc, url: (authority) => authority },
};

export function containerProgram(implementation: string): ContainerProgram | undefined {
  return PROGRAMS[implementation];
}
