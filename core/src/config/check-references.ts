import { quotedNames } from "../options/option-checks.ts";
import { shown } from "../base/shown.ts";
import { meant } from "./check-shape.ts";
import type { AnytopicConfig, SubscriptionConfig, TopicConfig } from "./config-types.ts";
import { configPath, type Problems } from "./problems.ts";

/** Finds problems between values: unknown names of connections, names that are used twice, and ranges that contradict each other. */
export function checkReferences(
  config: AnytopicConfig,
  sources: ReadonlyMap<string, string>,
  problems: Problems,
): void {
  new ReferenceCheck(config, sources, problems).run();
}

class ReferenceCheck {
  readonly #config: AnytopicConfig;
  readonly #sources: ReadonlyMap<string, string>;
  readonly #problems: Problems;
  readonly #names: readonly string[];
  readonly #default: string | undefined;
  /** The first path of each name on a broker. */
  readonly #taken = new Map<string, string>();

  constructor(config: AnytopicConfig, sources: ReadonlyMap<string, string>, problems: Problems) {
    this.#config = config;
    this.#sources = sources;
    this.#problems = problems;
    this.#names = Object.keys(config.connections ?? {});
    this.#default = config.default ?? (this.#names.length === 1 ? this.#names[0] : undefined);
  }

  run(): void {
    if (this.#names.length === 0) {
      this.#problems.add(
        "connections",
        'names no broker: add one, as in {"main": {"url": "nats://127.0.0.1:4222"}}, or set ANYTOPIC_URL',
      );
      return;
    }
    if (this.#config.default !== undefined) this.#connection("default", this.#config.default);
    else if (this.#names.length > 1) {
      this.#problems.add(
        "default",
        `is missing: there are several connections, so one of ${quotedNames(this.#names)} must be the default`,
      );
    }
    for (const [name, topic] of Object.entries(this.#config.topics ?? {})) {
      if (topic !== undefined) this.#topic(configPath("topics", name), name, topic);
    }
  }

  #topic(path: string, name: string, topic: TopicConfig): void {
    const { connection, mirror, subscriptions = {} } = topic;
    if (connection !== undefined) this.#connection(configPath(path, "connection"), connection);
    if (mirror !== undefined) this.#connection(configPath(path, "mirror"), mirror);
    const home = connection ?? this.#default;
    if (mirror !== undefined && mirror === home) {
      this.#problems.add(
        configPath(path, "mirror"),
        `is ${this.#shown(configPath(path, "mirror"), mirror)}, which is the topic's connection: must be another`,
      );
    }
    const used = new Set([home, mirror, ...Object.values(subscriptions).flatMap((one) => one?.connections ?? [])]);
    const taker = topic.name === undefined ? path : configPath(path, "name");
    for (const connection of used) {
      if (connection !== undefined) this.#take(`topic ${this.#broker(connection)}`, topic.name ?? name, taker);
    }
    for (const [own, subscription] of Object.entries(subscriptions)) {
      if (subscription !== undefined)
        this.#subscription(configPath(configPath(path, "subscriptions"), own), path, own, subscription);
    }
  }

  #subscription(path: string, topicPath: string, name: string, subscription: SubscriptionConfig): void {
    const { connections = [], ackDeadlineMs, maxHandlingMs, retryPolicy = {}, circuit = {} } = subscription;
    for (const [index, connection] of connections.entries()) {
      this.#connection(configPath(configPath(path, "connections"), index), connection);
    }
    this.#take(
      `subscription ${topicPath}`,
      subscription.name ?? name,
      subscription.name === undefined ? path : configPath(path, "name"),
    );
    this.#atLeast(configPath(path, "maxHandlingMs"), maxHandlingMs, "ackDeadlineMs", ackDeadlineMs);
    const { minBackoffMs, maxBackoffMs } = retryPolicy;
    this.#atLeast(
      configPath(configPath(path, "retryPolicy"), "maxBackoffMs"),
      maxBackoffMs,
      "minBackoffMs",
      minBackoffMs,
    );
    this.#atLeast(configPath(configPath(path, "circuit"), "maxOpenMs"), circuit.maxOpenMs, "openMs", circuit.openMs);
  }

  #connection(path: string, name: string): void {
    if (name === undefined || this.#names.includes(name)) return;
    this.#problems.add(
      path,
      `is ${this.#shown(path, name)}, and there is no such connection: ${this.#sources.has(path) ? "" : meant(name, this.#names)}known are ${quotedNames(this.#names)}`,
    );
  }

  /** Notes that a path uses a name on the broker. A second path with the same name is a problem. */
  #take(scope: string, name: string, path: string): void {
    const key = `${scope} ${name}`;
    const first = this.#taken.get(key);
    if (first === undefined) this.#taken.set(key, path);
    else if (first !== path)
      this.#problems.add(path, `is named ${this.#shown(path, name)} on the broker, as is ${first}: names must differ`);
  }

  #atLeast(path: string, value: number | undefined, lowerName: string, lower: number | undefined): void {
    if (value === undefined || lower === undefined || value >= lower) return;
    const both = [path, path.replace(/[^.]+$/, lowerName)];
    const secret = both.some((one) => this.#sources.has(one));
    this.#problems.add(
      path,
      secret ? `is less than ${lowerName}` : `is ${value}, less than ${lowerName}, which is ${lower}`,
    );
  }

  /** Two connections with the same URL are one broker. */
  #broker(connection: string): string {
    return this.#config.connections?.[connection]?.url ?? connection;
  }

  #shown(path: string, value: string): string {
    return shown(this.#sources.get(path) ?? value);
  }
}
