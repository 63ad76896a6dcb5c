// What the bench uses of rascal, which has no types.
declare module "rascal" {
  import type { EventEmitter } from "node:events";

  interface RascalSubscription extends EventEmitter {
    on(event: "message", listener: (message: unknown, content: unknown, ackOrNack: () => void) => void): this;
    cancel(): Promise<void>;
  }

  class BrokerAsPromised extends EventEmitter {
    static create(config: object): Promise<BrokerAsPromised>;
    publish(publication: string, content: unknown): Promise<EventEmitter>;
    subscribe(subscription: string): Promise<RascalSubscription>;
    nuke(): Promise<void>;
    shutdown(): Promise<void>;
  }
  const rascal: { readonly BrokerAsPromised: typeof BrokerAsPromised };
  // It is a CommonJS module.
  export default rascal;
}
