import { AtMost } from "../base/at-most.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import type { CloseBudget } from "../base/close-budget.ts";
import type { Clock } from "../base/clock.ts";
import type { Provisioning } from "../options/connect-limits.ts";
import type { ConnectOptions } from "./connect-options.ts";
import type { Adapter, Driver, TopologyChange } from "../driver.ts";
import type { PubSubError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { ConnectionState } from "../contract/connection-state.ts";
import type { Instrumented } from "../observe/instruments.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import { quietDriver } from "./quiet-driver.ts";
import { requireNoDifferences } from "./provisioning-check.ts";
import { requireCapabilities, topologyOf, type PhysicalNames } from "./specs.ts";
import { subscriptionPath, type Declaration } from "../declare/subscription.ts";

/**
 * Declarations that are provisioned at a time when a program opens many at once. A broker creates them one after the other, and every request has
 * a time limit: 900 subscriptions that were all asked for at once failed on NATS.
 */
const PROVISIONED_AT_ONCE = 16;

/** An open driver with its state, and the topics and subscriptions that were provisioned through it. */
export class Connection {
  readonly name: string;
  readonly adapter: Adapter;
  readonly driver: Driver;
  readonly names: PhysicalNames;
  readonly #provisioning: Provisioning;
  readonly #hasInbox: boolean;
  readonly #provisionings = new AtMost(PROVISIONED_AT_ONCE);
  readonly #provisioned = new Map<string, Promise<void>>();
  readonly #status: LastReport;

  private constructor(adapter: Adapter, driver: Driver, status: LastReport, options: Opening) {
    this.name = options.name;
    this.adapter = adapter;
    this.driver = driver;
    this.names = options.names;
    this.#status = status;
    this.#provisioning = options.provisioning ?? "ensure";
    this.#hasInbox = options.inbox !== undefined;
  }

  static async open(
    adapter: Adapter,
    environment: ConnectionEnvironment,
    options: Opening,
    signal: AbortSignal | undefined,
  ): Promise<Connection> {
    const status = new LastReport(environment, options.name);
    const { clock, random, logger } = environment;
    const context = { clock, random, logger, status: status.report };
    const { quiet } = environment.instrumented;
    const driver =
      quiet === undefined
        ? await adapter.open(context, signal)
        : quietDriver(await quiet(() => adapter.open(context, signal)), quiet);
    return new Connection(adapter, driver, status, options);
  }

  get capabilities(): Capabilities {
    return this.adapter.capabilities;
  }

  get state(): ConnectionState {
    return this.#status.state;
  }

  get error(): PubSubError | undefined {
    return this.#status.error;
  }

  /** Provisions or verifies a declaration once. After a failure, the next call tries again. */
  prepare(declaration: Declaration): Promise<void> {
    const key = declaration.kind === "topic" ? declaration.name : subscriptionPath(declaration);
    const known = this.#provisioned.get(key);
    if (known !== undefined) return known;
    const provisioned = this.#provisionings.run((leave) => this.provision([declaration], leave));
    this.#provisioned.set(key, provisioned);
    provisioned.catch(() => this.#provisioned.delete(key));
    return provisioned;
  }

  /** @throws PubSubError `NOT_SUPPORTED` when a declaration needs what the adapter lacks */
  requireSupported(declarations: readonly Declaration[]): void {
    for (const declaration of declarations) {
      requireCapabilities(declaration, this.adapter.name, this.capabilities, this.#hasInbox);
    }
  }

  /** @param onCreated see `ApplyOptions` */
  async provision(declarations: readonly Declaration[], onCreated?: () => void): Promise<void> {
    this.requireSupported(declarations);
    if (this.#provisioning === "ensure") {
      await this.driver.apply(topologyOf(declarations, this.names), { update: false, onCreated });
    }
    if (this.#provisioning === "verify") {
      requireNoDifferences([{ connection: this, changes: await this.differences(declarations) }], false);
    }
  }

  async differences(declarations: readonly Declaration[]): Promise<readonly TopologyChange[]> {
    return await this.driver.plan(topologyOf(declarations, this.names));
  }

  /** Closes the driver within `budget`. Never rejects. */
  async close(budget: CloseBudget): Promise<void> {
    const fields = { connection: this.name };
    await budget.wait("closing the connection", fields, (leftMs) => this.driver.close(leftMs));
  }
}

interface Opening extends ConnectOptions {
  readonly name: string;
  readonly names: PhysicalNames;
}

export interface ConnectionEnvironment {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
  readonly instrumented: Instrumented;
}

/** The last state that the driver has reported. Logs and observes changes. */
class LastReport {
  state: ConnectionState = "up";
  error: PubSubError | undefined;
  readonly #environment: ConnectionEnvironment;
  readonly #name: string;

  constructor(environment: ConnectionEnvironment, name: string) {
    this.#environment = environment;
    this.#name = name;
  }

  readonly report = (state: ConnectionState, error?: PubSubError): void => {
    const changed = state !== this.state;
    this.state = state;
    this.error = state === "up" ? undefined : error;
    if (!changed) return;
    const { logger, observe, clock } = this.#environment;
    const connection = this.#name;
    if (state === "up") logger.info({ connection, state }, "connection is up");
    else
      logger.warn(
        { connection, state, code: error?.code },
        `connection is ${state}: ${error?.message ?? "no reason given"}`,
      );
    observe?.({ type: "connection", connection, state, error, atMs: clock.now() });
  };
}
