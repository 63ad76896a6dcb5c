import { randomUUID } from "node:crypto";
import { type Clock, connect, type ConnectOptions, type Instrumentation, type PubSub } from "@anytopic/core";
import type { Adapter, AdapterModule } from "@anytopic/core/driver";
import { intercept, type WrapDriver } from "@anytopic/core/intercept";
import { destroyMemoryBroker, memory } from "@anytopic/memory";
import { outsideOfTests } from "../isolation/outside-of-tests.ts";
import type { TestIds } from "../test-ids.ts";
import { type LikeBroker, likeBroker } from "./like.ts";

/** The schemes of all adapters: a URL of a test's program leads to the test's broker. */
const SCHEMES = ["memory", "nats", "tls", "amqp", "amqps", "aws", "gcp", "redis", "rediss"];

export interface ConnectionsOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly ids: TestIds;
  readonly instrumentation: Instrumentation;
  readonly wrap: WrapDriver;
  readonly like: LikeBroker | undefined;
}

/** The connections to the memory broker of one test: that of the kit, and those that the test's program opens. */
export class Connections {
  readonly open: PubSub[] = [];
  readonly #options: ConnectionsOptions;
  /** Only this test knows it. Connections share a memory broker by its name. */
  readonly #name = `test-${randomUUID()}`;
  #adapter: Promise<Adapter> | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** As the program would connect, but to the test's broker. `target` absent: without any configuration. */
  async connect(given: ConnectOptions, target: unknown = "memory:"): Promise<PubSub> {
    const { clock, random, ids, instrumentation, wrap, like } = this.#options;
    const adapter = await (this.#adapter ??= likeBroker(intercept(memory({ name: this.#name }), wrap), like));
    const module: AdapterModule = { schemes: SCHEMES, fromUrl: () => adapter };
    const { adapterOptions: _, waitForBrokerMs: __, ...rest } = given;
    const options: ConnectOptions = {
      ...rest,
      clock,
      random,
      newId: (topic) => ids.next(topic),
      instrumentation: [instrumentation, ...(given.instrumentation ?? [])],
      adapters: [module],
    };
    const isUrl = typeof target === "string" || target instanceof URL;
    const pubsub = await outsideOfTests(() =>
      connectTo(target === undefined || isUrl ? target : adapter, options, adapter),
    );
    this.open.push(pubsub);
    return pubsub;
  }

  /** Resolves when all are closed. */
  async close(): Promise<void> {
    await Promise.all(this.open.map((pubsub) => pubsub.close({ timeoutMs: 0 })));
    destroyMemoryBroker(this.#name);
  }
}

/** A program that names no broker is connected too: its tests need no configuration. */
async function connectTo(
  target: string | URL | Adapter | undefined,
  options: ConnectOptions,
  adapter: Adapter,
): Promise<PubSub> {
  if (target !== undefined) return await connect(target, options);
  const isConfigured =
    options.config !== undefined ||
    process.env["ANYTOPIC_URL"] !== undefined ||
    process.env["ANYTOPIC_CONFIG"] !== undefined;
  return isConfigured ? await connect(options) : await connect(adapter, options);
}
