import { randomBytes } from "node:crypto";
import type { Broker, BrokerKind, startBroker as StartBroker, StartBrokerOptions } from "@anytopic/brokers";
import { connect, type ConnectOptions, type PubSub } from "@anytopic/core";
import type { AdapterModule, SubscriptionSpec, TopicSpec } from "@anytopic/core/driver";
import { forwardDriver, intercept, type WrapDriver } from "@anytopic/core/intercept";
import { outsideOfTests } from "../isolation/outside-of-tests.ts";
import { atEndOf, type TestContext } from "../test-context.ts";

/** How a test connects to a real broker. */
export interface ServerConnectOptions extends Omit<ConnectOptions, "config" | "adapters"> {
  /** Put before all names on the broker. @default a random one, so that tests share nothing */
  readonly prefix?: string | undefined;
}

/** A broker for integration tests, and the connections of the tests. */
export interface TestServer extends AsyncDisposable {
  /** The process or container: it can be killed and started again, see `Broker`. */
  readonly broker: Broker;
  /** For `connect`. Without a prefix: two tests that use it share their topics. */
  readonly url: string;
  /**
   * Connects a test, with a prefix of its own. When the `PubSub` closes, everything that it has used is deleted from the broker. The
   * context of vitest and node:test closes it at the end of the test, and fails the test when that fails.
   */
  connect(test?: TestContext, options?: ServerConnectOptions): Promise<PubSub>;
  /** Closes all connections, and ends the broker when it was started here. Idempotent. */
  close(): Promise<void>;
}

/** The URL of each kind of broker, from what `@anytopic/brokers` says. */
const URLS: Readonly<Record<BrokerKind, (url: string) => string>> = {
  nats: (url) => url,
  redis: (url) => url,
  rabbitmq: (url) => url,
  aws: (url) => `aws://eu-west-1?endpoint=${encodeURIComponent(url)}`,
  gcp: (url) => `gcp://anytopic-tests?emulatorHost=${encodeURIComponent(url)}`,
};

/**
 * Starts a broker for integration tests, or finds one: where a variable of the environment says (`NATS_URL`, …), else a container when a
 * Docker engine answers, else a program of this machine. Needs the packages `@anytopic/brokers` and that of the adapter. Ends with the
 * process at the latest.
 *
 * @throws BrokerUnavailableError when there is none: it says why, and what helps
 */
export async function withBroker(kind: BrokerKind, options: StartBrokerOptions = {}): Promise<TestServer> {
  const { startBroker } = await imported<{ readonly startBroker: typeof StartBroker }>("@anytopic/brokers");
  const { adapterModule } = await imported<{ readonly adapterModule: AdapterModule }>(`@anytopic/${kind}`);
  const broker = await startBroker(kind, options);
  const url = URLS[kind](broker.url);
  const open = new Set<() => Promise<void>>();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await Promise.all([...open].map((closeOne) => closeOne()));
    await broker.close();
  };
  return {
    broker,
    url,
    async connect(test, connectOptions = {}) {
      const { prefix = `t${randomBytes(6).toString("hex")}`, adapterOptions, ...rest } = connectOptions;
      const cleanUp = new CleanUp();
      const adapter = adapterModule.fromUrl(url, { ...(adapterOptions as object | undefined), prefix });
      const pubsub = await outsideOfTests(() => connect(intercept(adapter, cleanUp.wrap), rest));
      const closeOne = async (): Promise<void> => {
        open.delete(closeOne);
        await pubsub.close();
        if (cleanUp.failure !== undefined) throw cleanUp.failure;
      };
      open.add(closeOne);
      atEndOf(test, closeOne);
      return pubsub;
    },
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

/** Deletes what a connection has used, just before the connection closes. */
class CleanUp {
  /** Why something may be left on the broker. */
  failure: Error | undefined;
  readonly #topics = new Map<string, TopicSpec>();
  readonly #subscriptions = new Map<string, SubscriptionSpec>();

  readonly wrap: WrapDriver = (driver) =>
    forwardDriver(driver, {
      apply: async (topology, options) => {
        for (const topic of topology.topics) this.#topics.set(topic.name, topic);
        for (const subscription of topology.subscriptions) {
          this.#topics.set(subscription.topic.name, subscription.topic);
          this.#subscriptions.set(`${subscription.topic.name}/${subscription.name}`, subscription);
        }
        return await driver.apply(topology, options);
      },
      close: async (timeoutMs) => {
        try {
          const topology = { topics: [...this.#topics.values()], subscriptions: [...this.#subscriptions.values()] };
          await driver.destroy(topology);
        } catch (error) {
          this.failure = new Error("what this test has created may be left on the broker", { cause: error });
        }
        await driver.close(timeoutMs);
      },
    });
}

async function imported<Module>(specifier: string): Promise<Module> {
  try {
    return (await import(specifier)) as Module;
  } catch (error) {
    throw new Error(`withBroker needs the package ${specifier}: npm install --save-dev ${specifier}`, { cause: error });
  }
}
