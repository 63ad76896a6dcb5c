import { configPath } from "./problems.ts";
import { subscriptionPath, type Declaration } from "../declare/subscription.ts";
import type { LoadedConfig } from "./config-types.ts";

/**
 * The paths of topics and subscriptions in a configuration that are not declared: misspelt, or of another service. Not an error for
 * `connect`, because several services may share one file.
 */
export function undeclaredPaths(config: LoadedConfig, declarations: readonly Declaration[]): readonly string[] {
  const topics = new Set(declarations.map((one) => (one.kind === "topic" ? one.name : one.topic.name)));
  const subscriptions = new Set(
    declarations.flatMap((one) => (one.kind === "subscription" ? subscriptionPath(one) : [])),
  );
  return Object.entries(config.topics).flatMap(([topic, { subscriptions: own }]) => {
    const path = configPath("topics", topic);
    if (!topics.has(topic)) return [path];
    return Object.keys(own)
      .filter((name) => !subscriptions.has(`${topic}/${name}`))
      .map((name) => configPath(`${path}.subscriptions`, name));
  });
}
