import { configPath } from "./problems.ts";
import { subscriptionPath, type Declaration } from "../declare/subscription.ts";
import type { LoadedConfig } from "./config-types.ts";

/**
 * Paths of topics and subscriptions in a configuration that no declaration has: misspelt, or another service's. Not an
 * error when connecting, since services may share a file and declare a part of it each.
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
