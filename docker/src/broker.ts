/** The broker families anytopic has adapters for. */
export type BrokerKind = "nats" | "rabbitmq" | "redis" | "aws" | "gcp";

/**
 * Where a broker comes from: a URL in the environment, a container, a program of this machine that runs as a separate
 * process, or a library inside this process.
 */
export type BrokerProvider = "external" | "docker" | "native" | "embedded";

/** One running broker. Everything it owns (process, container, files) ends with {@link Broker.close}. */
export interface Broker {
  readonly kind: BrokerKind;
  readonly provider: BrokerProvider;
  /** The implementation: `nats-server`, `rabbitmq`, `redis`, `valkey`, `redis-sentinel`, `fauxqs`, `moto`, `localstack`, `gcp-emulator`, `pstest`. */
  readonly implementation: string;
  /** As stated by the server or its package; `unknown` if neither states it. */
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /**
   * What clients connect to: `nats://127.0.0.1:4222`, `amqp://guest:guest@127.0.0.1:5672/`,
   * `redis://127.0.0.1:6379`, the HTTP
   * endpoint of an AWS emulator, or `host:port` of a Pub/Sub emulator.
   */
  readonly url: string;
  /** True when topics and messages outlive `kill()` followed by `start()`. */
  readonly survivesRestart: boolean;
  /**
   * Ends the server with SIGKILL; resolves when it is gone. Its port and data stay reserved for
   * `start()`. Absent on external and embedded brokers. Safe to call when it is already dead.
   * RabbitMQ loses quorum queues declared less than a second ago, and what they hold (docker/README.md).
   */
  readonly kill?: (() => Promise<void>) | undefined;
  /** Starts a killed server on the same port and data; resolves when it answers. No effect while it runs. */
  readonly start?: (() => Promise<void>) | undefined;
  /**
   * Freezes the server with SIGSTOP: its connections stay open, and it answers nothing until `thaw()`. Native brokers
   * only. `kill()` and `close()` work meanwhile.
   */
  readonly freeze?: (() => Promise<void>) | undefined;
  /** Lets a frozen server continue. No effect on a server that runs, or that was killed. */
  readonly thaw?: (() => Promise<void>) | undefined;
  /**
   * Runs the broker's own management command against this broker and resolves with what it printed.
   * RabbitMQ: the arguments of `rabbitmqctl`, for example `["close_all_connections", "test"]`.
   * On a node that is still starting it waits until the node runs, at most 30 s.
   * Redis: the arguments of `redis-cli`, for example `["--user", "default", "SAVE"]`; an error that the server answers is printed.
   * Rejects with the command's message when it fails. Absent elsewhere.
   */
  readonly admin?: ((args: readonly string[]) => Promise<string>) | undefined;
  /** Stops the broker and removes its data. Idempotent. Does nothing to an external broker. */
  readonly close: () => Promise<void>;
}

/** How `startBroker` starts a broker. */
export interface StartBrokerOptions {
  /** Use exactly this provider and no other. @default the order of {@link startBroker} */
  readonly provider?: BrokerProvider | undefined;
  /** Use exactly this implementation, for example `moto`. @default the first one of the provider */
  readonly implementation?: string | undefined;
  /** Container image. @default the entry of `docker/images.json`, or `ANYTOPIC_<KIND>_IMAGE` */
  readonly image?: string | undefined;
  /**
   * Lines added to the broker's own configuration file, in its own syntax: `nats-server` (users,
   * limits), `rabbitmq` (`rabbitmq.conf`), `redis`, `valkey` and `redis-sentinel` (`redis.conf`) only. @default none
   */
  readonly config?: string | undefined;
  /**
   * Where a program of this machine keeps its data (NATS, RabbitMQ, Redis), for example a small disk. It must exist and be
   * empty, and is not removed. @default a folder that is removed with the broker
   */
  readonly dataFolder?: string | undefined;
  /**
   * Keep state on disk if the implementation has the choice (`fauxqs` as a separate process). NATS, RabbitMQ
   * and Redis always keep it. @default false
   */
  readonly persistent?: boolean | undefined;
}
