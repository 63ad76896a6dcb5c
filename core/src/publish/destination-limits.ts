import type { Capabilities } from "../contract/capabilities.ts";
import type { OutgoingMessage } from "../contract/message.ts";
import type { TopicSpec } from "../contract/topology.ts";
import type { MessageLimits } from "../driver.ts";
import { checkedSize } from "./message-check.ts";
import type { PendingPublish } from "./pending-publish.ts";
import { requireCapabilities, topicSpec } from "../connections/specs.ts";
import type { AnyTopic } from "../declare/topic.ts";

/** What a broker accepts, as the `./capabilities` of its adapter says it: `natsCapabilities` and `natsMessageLimits`. Loads no client library. */
export interface DestinationLimits {
  /** What the destination can do. */
  readonly capabilities: Capabilities;
  /** What the destination counts and refuses. */
  readonly messageLimits: (topic: TopicSpec) => MessageLimits;
}

/** Where the messages of a topic will go: to one broker, or to all that the function returns for the topic, such as a mirror. */
export type Destinations = DestinationLimits | ((topic: AnyTopic) => readonly DestinationLimits[]);

/** Checks a message for one destination, without a connection. */
type Check = (message: OutgoingMessage) => void;

/** The limits of all destinations, by topic. The first message of a topic asks for them. */
export class DestinationChecks {
  readonly #destinations: Destinations;
  readonly #checks = new Map<string, readonly Check[]>();

  constructor(destinations: Destinations) {
    this.#destinations = destinations;
  }

  /**
   * Returns what can be stored: the message, or the same without the attributes of instrumentations when those would break a limit.
   *
   * @throws PubSubError `LIMIT_EXCEEDED` and others with which every publish of the message would fail; `NOT_SUPPORTED` when a destination
   *   cannot do what the topic needs
   */
  checked(topic: AnyTopic, message: PendingPublish): PendingPublish {
    const checks = this.#checksOf(topic);
    const { ownAttributes } = message;
    try {
      for (const check of checks) check(message);
      return message;
    } catch (error) {
      if (ownAttributes === undefined) throw error;
    }
    const plain = message.withoutCarrier(ownAttributes);
    for (const check of checks) check(plain);
    return plain;
  }

  #checksOf(topic: AnyTopic): readonly Check[] {
    const known = this.#checks.get(topic.name);
    if (known !== undefined) return known;
    const destinations = this.#destinations;
    const all = typeof destinations === "function" ? destinations(topic) : [destinations];
    const checks = all.map((one) => checkOf(topic, one));
    this.#checks.set(topic.name, checks);
    return checks;
  }
}

function checkOf(topic: AnyTopic, { capabilities, messageLimits }: DestinationLimits): Check {
  if (typeof capabilities !== "object" || typeof messageLimits !== "function") {
    throw new TypeError(
      "destinations: must have capabilities and messageLimits, as the ./capabilities of an adapter exports them",
    );
  }
  // An inbox belongs to the subscribers.
  requireCapabilities(topic, "destination's", capabilities, true);
  const limits = messageLimits(topicSpec(topic, { topic: ({ name }) => name, subscription: ({ name }) => name }));
  return (message) => void checkedSize(topic.name, message, capabilities, limits);
}
