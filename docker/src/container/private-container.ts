import { GenericContainer, type WaitStrategy } from "testcontainers";
import { own } from "../watchdog.ts";

// That a container runs says nothing about the broker inside. Neither does an open port: a proxy of the engine
// listens on it. So the caller asks the broker itself.
const WAIT_FOR_NOTHING: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => WAIT_FOR_NOTHING,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/**
 * A container whose ports are published on one address. It is a subclass because only subclasses can set the host
 * address of a port and observe the creation.
 */
export class PrivateContainer extends GenericContainer {
  readonly #hostIp: string;
  #id: string | undefined;

  constructor(image: string, hostIp: string) {
    super(image);
    this.#hostIp = hostIp;
    this.withWaitStrategy(WAIT_FOR_NOTHING);
  }

  /** Known as soon as it was created, also if it then failed to start. */
  get id(): string | undefined {
    return this.#id;
  }

  protected override beforeContainerCreated(): Promise<void> {
    const bindings = this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]> | undefined;
    for (const binding of Object.values(bindings ?? {}).flat()) binding.HostIp = this.#hostIp;
    return Promise.resolve();
  }

  protected override containerCreated(containerId: string): Promise<void> {
    this.#id = containerId;
    own(`container:${containerId}`);
    return Promise.resolve();
  }
}
