// The part of rascal that these tests use; it has no types.
declare module "rascal" {
  import type { EventEmitter } from "node:events";

  export interface RascalSubscription extends EventEmitter {
    on(event: "message", listener: (message: never, content: unknown, ackOrNack: () => void) => void): this;
  }

  export interface RascalPublication extends EventEmitter {
    on(event: "success", listener: (messageId: string) => void): this;
  }

  export class BrokerAsPromised extends EventEmitter {
    static create(config: object): Promise<BrokerAsPromised>;
    publish(publication: string, content: unknown): Promise<RascalPublication>;
    subscribe(subscription: string): Promise<RascalSubscription>;
    shutdown(): Promise<void>;
  }
}
