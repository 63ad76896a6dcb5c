import type { ChannelModel } from "amqplib";

/** amqplib's objects of the moment: others after every reconnect, and undefined in between. They belong to the driver. */
export class RabbitmqNative {
  readonly #publishing: () => ChannelModel | undefined;
  readonly #consuming: () => ChannelModel | undefined;

  constructor(publishing: () => ChannelModel | undefined, consuming: () => ChannelModel | undefined) {
    this.#publishing = publishing;
    this.#consuming = consuming;
  }

  /** The connection that publishes; there is none before something was published, subscribed or dead-lettered. */
  get publishConnection(): ChannelModel | undefined {
    return this.#publishing();
  }

  /** The connection that consumes and manages topology. */
  get consumeConnection(): ChannelModel | undefined {
    return this.#consuming();
  }
}
