import { BrokerUnavailableError, type Broker, startBroker, type StartBrokerOptions } from "@anytopic/brokers";

/** The private servers of one test file. They read files of this machine and have options of their own, so they run natively. */
export class RedisServers {
  readonly #started: Broker[] = [];

  /** @param config lines for `redis.conf` */
  async start(config = "", options: StartBrokerOptions = {}): Promise<Broker> {
    const broker = await startBroker("redis", { provider: "native", config, ...options });
    this.#started.push(broker);
    return broker;
  }

  /** `undefined` where the program is missing: the tests are then skipped. */
  async startOrSkip(config = "", options: StartBrokerOptions = {}): Promise<Broker | undefined> {
    try {
      return await this.start(config, options);
    } catch (error) {
      if (error instanceof BrokerUnavailableError) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#started.splice(0).map(async (broker) => broker.close()));
  }
}

export function addressOf({ host, port }: Broker): string {
  return `${host}:${port}`;
}
