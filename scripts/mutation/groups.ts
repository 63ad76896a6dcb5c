/** Files that are mutated together, and the tests that can tell. */
export interface Group {
  readonly name: string;
  /** Globs of the sources, relative to the root. What is listed decides about delivery. */
  readonly sources: readonly string[];
  /** Projects of vitest, the fastest first. */
  readonly projects: readonly string[];
}

/** Test files that judge other things: they run whole programs, schedules of faults, or adapters that are wrong already. */
export const leftOut: readonly RegExp[] = [
  /\/test\/(saboteurs|chaos|certify|readme)\.test\.ts$/,
  /\/test\/(clusters?|chaos)\//,
  /\/test\/cluster[^/]*\.test\.ts$/,
];

const adapter = (name: string, ...places: readonly string[]): Group => ({
  name,
  sources: [...places, "dead-letters.ts", "subscriber.ts", "delivery.ts"].map(
    (place) => `adapters/${name}/src/${place}`,
  ),
  projects: [name],
});

export const groups: readonly Group[] = [
  {
    name: "core",
    sources: ["publish", "consume", "dead-letters", "inbox"].map((folder) => `core/src/${folder}/**/*.ts`),
    projects: ["core", "memory"],
  },
  adapter("memory", "broker/*.ts", "publisher.ts"),
  adapter("nats", "settle/*.ts", "ordering/*.ts", "letters/*.ts"),
  adapter("rabbitmq", "retry/*.ts", "ordering/*.ts", "receive/*.ts"),
  adapter("redis", "settle/*.ts", "ordering/*.ts", "letters/*.ts"),
  adapter("aws", "settle/*.ts", "ordering/*.ts"),
  adapter("gcp", "settle/*.ts", "ordering/*.ts", "retry/*.ts"),
];

/** @throws TypeError when there is none of that name */
export function groupOf(name: string): Group {
  const found = groups.find((group) => group.name === name);
  if (found !== undefined) return found;
  throw new TypeError(`--package is ${name}: must be ${groups.map((group) => group.name).join(", ")}`);
}
