const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };

/** Label pairs as they stand between the braces. Values that are `undefined` are left out. */
export function labelText(labels: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(labels)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${escaped(value)}"`]))
    .join(",");
}

export function topicLabels(topic: string): string {
  return labelText({ messaging_destination_name: topic });
}

export function subscriptionLabels(topic: string, subscription: string): string {
  return labelText({ messaging_destination_name: topic, messaging_destination_subscription_name: subscription });
}

/** Joins label texts. Empty ones are left out. */
export function joined(...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(",");
}

/** The text format knows three escapes. A line feed that is not escaped would let a name write samples of its own. */
function escaped(value: string): string {
  return value.replace(/[\\\n"]/g, (character) => ESCAPES[character] ?? character);
}
