import {
  type ConnectOptions,
  type Handler,
  PubSub,
  type Publisher,
  type PublishEntry,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
  type Topic,
  type Worker,
} from "@anytopic/core";
import { type ConnectingKit, currentKit, rememberShared, requireKit } from "./current-kit.ts";

interface Declared {
  readonly subscription: Subscription;
  readonly handler: Handler<unknown>;
  readonly options: SubscribeOptions | undefined;
}

/** One connection that an application opened where no test runs, mostly while it was loaded. */
export class SharedPubSub {
  /** What the application holds: it stands for a connection of the test that runs. */
  readonly pubsub: PubSub;
  readonly #target: unknown;
  readonly #options: ConnectOptions;
  /** The workers that were opened where no test runs. Each test gets them. */
  readonly #declared = new Set<Declared>();
  readonly #byKit = new WeakMap<ConnectingKit, Promise<PubSub>>();
  /** As above, when they are open. */
  readonly #opened = new WeakMap<ConnectingKit, PubSub>();

  constructor(target: unknown, options: ConnectOptions) {
    this.#target = target;
    this.#options = options;
    this.pubsub = new Proxy(Object.create(PubSub.prototype) as PubSub, { get: (_, key) => this.#member(key) });
    rememberShared(this.pubsub);
  }

  /** Opens the connection and the workers of one test. Called before its code runs. */
  async openIn(kit: ConnectingKit): Promise<void> {
    let opening = this.#byKit.get(kit);
    if (opening === undefined) {
      opening = this.#open(kit);
      this.#byKit.set(kit, opening);
    }
    await opening;
  }

  async #open(kit: ConnectingKit): Promise<PubSub> {
    const pubsub = await kit.connect(this.#target, this.#options);
    this.#opened.set(kit, pubsub);
    for (const { subscription, handler, options } of this.#declared) {
      // oxlint-disable-next-line no-await-in-loop -- in the order in which the application has opened them
      await pubsub.subscribe(subscription, handler, options);
    }
    return pubsub;
  }

  #member(key: string | symbol): unknown {
    // Nobody may take it for a promise: it is returned by `connect`.
    if (key === "then") return undefined;
    if (key === "publisher") return this.#publisher;
    const kit = currentKit.getStore();
    if (kit === undefined) {
      if (key === "subscribe") return this.#subscribe;
      if (key === "close" || key === Symbol.asyncDispose) return () => Promise.resolve();
      // Inspecting it must not fail.
      if (typeof key === "symbol") return Reflect.get(PubSub.prototype, Symbol.toStringTag);
    }
    const pubsub = this.#opened.get(requireKit(String(key)));
    if (pubsub === undefined)
      throw new Error(`${String(key)} was called in a test that began before this connection was opened`);
    const member: unknown = Reflect.get(pubsub, key, pubsub);
    return typeof member === "function" ? member.bind(pubsub) : member;
  }

  /** May be made while the application is loaded, and used in tests. */
  readonly #publisher = <Input>(topic: Topic<Input, unknown>): Publisher<Input> =>
    Object.freeze({
      topic,
      publish: (event: Input, options?: PublishOptions) => this.pubsub.publish(topic, event, options),
      publishBatch: (
        entries: readonly PublishEntry<Input>[],
        options?: { readonly signal?: AbortSignal | undefined },
      ) => this.pubsub.publishBatch(topic, entries, options),
    });

  readonly #subscribe = async <Event>(
    subscription: Subscription<Event>,
    handler: Handler<Event>,
    options?: SubscribeOptions,
  ): Promise<Worker> => {
    // A list of workers of all types of events; each handler gets the events of its own subscription.
    const declared = { subscription, handler, options } as unknown as Declared;
    this.#declared.add(declared);
    const closed = Promise.withResolvers<void>();
    const close = async (): Promise<void> => {
      this.#declared.delete(declared);
      closed.resolve();
    };
    return Object.freeze({
      subscription,
      closed: closed.promise,
      close,
      pause: () => this.pubsub.pause(subscription),
      resume: () => this.pubsub.resume(subscription),
      [Symbol.asyncDispose]: close,
    } as unknown as Worker);
  };
}
