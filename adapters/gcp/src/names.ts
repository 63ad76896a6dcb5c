import { PubSubError, type SubscriptionSpec, type TopicSpec } from "@anytopic/core/driver";
import { MAX_RESOURCE_ID_LENGTH, MIN_RESOURCE_ID_LENGTH } from "./limits.ts";

/** The ids of everything that one subscription consists of. Topics and subscriptions have separate name spaces. */
export interface SubscriptionIds {
  readonly topic: string;
  readonly subscription: string;
  /** Id of both the topic and the subscription. */
  readonly deadLetters: string;
  /** Id of both the topic and the subscription. */
  readonly redrive: string;
}

const ID = /^[A-Za-z][-A-Za-z0-9._~+%]*$/;

export function topicId(prefix: string, topic: TopicSpec): string {
  return checkedId(`topic "${topic.name}"`, prefix + topic.physicalName);
}

/** Declared names have no `.`, so no two pairs of topic and subscription share an id. */
export function subscriptionIds(prefix: string, subscription: SubscriptionSpec): SubscriptionIds {
  const what = `subscription "${subscription.topic.name}/${subscription.name}"`;
  const id = checkedId(what, `${prefix}${subscription.topic.physicalName}.${subscription.physicalName}`);
  return {
    topic: topicId(prefix, subscription.topic),
    subscription: id,
    deadLetters: checkedId(what, `${id}.dead-letters`),
    redrive: checkedId(what, `${id}.redrive`),
  };
}

/** Short ids are padded with `~`, which declared names cannot contain. */
function checkedId(what: string, id: string): string {
  const refuse = (problem: string): never => {
    throw new PubSubError("INVALID_CONFIG", `${what} would have the id "${id}" on Google Cloud, which ${problem}`);
  };
  if (!ID.test(id)) refuse("is not allowed: a letter, then letters, digits and - . _ ~ + %; change its physical name");
  if (id.toLowerCase().startsWith("goog")) refuse('starts with "goog", which is reserved: set a prefix');
  if (id.length > MAX_RESOURCE_ID_LENGTH)
    refuse(`is longer than ${MAX_RESOURCE_ID_LENGTH} characters: choose a shorter name or prefix`);
  return id.padEnd(MIN_RESOURCE_ID_LENGTH, "~");
}
