import { posix } from "node:path";

/** What every adapter has at the root of its `src`, and what the file must export. `Name` and `name` stand for the adapter's. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  "adapter.ts": ["function name", "const adapterModule"],
  "capabilities.ts": ["const nameCapabilities"],
  "codec.ts": [],
  "connection.ts": ["class Connection"],
  "dead-letters.ts": [],
  "delivery.ts": ["class NameDelivery"],
  "driver.ts": ["function openDriver"],
  "errors.ts": ["function toPubSubError"],
  "exporter.ts": ["function exporterOf"],
  "index.ts": [],
  "limits.ts": [],
  "names.ts": [],
  "options.ts": ["interface NameOptions"],
  "provisioning.ts": ["function planTopology", "function applyTopology", "function destroyTopology"],
  "publisher.ts": ["class NamePublisher"],
  "subscriber.ts": ["class NameSubscriber"],
};

/** The memory broker lives in the same process: nothing connects, no native error is translated, nothing is exported for an operator. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  memory: ["connection.ts", "exporter.ts", "names.ts", "errors.ts function toPubSubError"],
};

/** The rooms of an adapter. The same word stands for the same thing in all of them. */
export const ROOMS: Readonly<Record<string, string>> = {
  broker: "the broker itself, where it is part of the adapter",
  connection: "how a connection is made, watched, guarded and ended",
  letters: "stored dead letters: their forms and their marks",
  ordering: "order by key: who leads, what is held back, what is recovered",
  publish: "how a publish is sent and its answer read",
  receive: "how messages are asked for and handed to core",
  retry: "where a retry waits",
  settle: "how deliveries are settled",
  topology: "what exists on the broker: its names, arguments, differences, policies",
  wire: "the form of a message on the wire, and what may be trusted of it",
};

export interface Exported {
  readonly path: string;
  readonly kind: string;
  readonly name: string;
}

const EXPORT = /^export (?:async )?(class|function|const|interface|type) ([A-Za-z_]\w*)/gm;

export function exportsOf(path: string, text: string): readonly Exported[] {
  return [...text.matchAll(EXPORT)].map(([, kind = "", name = ""]) => ({ path, kind, name }));
}

/** Where an adapter's files break the table of roles, in words. `files` maps paths inside its `src` to their text. */
export function roleProblems(adapter: string, files: ReadonlyMap<string, string>): readonly string[] {
  const name = (pattern: string): string =>
    pattern.replace(/\bname/, adapter).replace(/\bName/, adapter.charAt(0).toUpperCase() + adapter.slice(1));
  const without = WITHOUT[adapter] ?? [];
  const missing = Object.entries(ROLES).flatMap(([file, wanted]) => {
    if (without.includes(file)) return [];
    const text = files.get(file);
    if (text === undefined) return [`has no ${file}`];
    const found = new Set(exportsOf(file, text).map((each) => `${each.kind} ${each.name}`));
    return wanted
      .filter((each) => !without.includes(`${file} ${each}`) && !found.has(name(each)))
      .map((each) => `${file} does not export ${name(each)}`);
  });
  const misplaced = [...files.keys()].flatMap((path) => {
    const [room = "", ...rest] = path.split("/");
    if (rest.length === 0)
      return path in ROLES ? [] : [`${path} belongs into a room: ${Object.keys(ROOMS).join(", ")}`];
    if (rest.length > 1) return [`${path} lies too deep: a room has no rooms`];
    return room in ROOMS ? [] : [`${room}/ is no room: ${Object.keys(ROOMS).join(", ")}`];
  });
  const index = files.get("index.ts") ?? "";
  const code = index.replace(/\/\*[^]*?\*\/|\/\/.*/g, "").replace(/export (?:type )?\{[^}]*\} from "[^"]+";/g, "");
  return [...missing, ...misplaced, ...(code.trim() === "" ? [] : ["index.ts does more than to re-export by name"])];
}

/**
 * Names that stand for two ideas: one that core and an adapter both export, one that two files of a package export, and one
 * that is a class in one adapter and a function in another.
 */
export function doubleNames(all: readonly Exported[]): readonly string[] {
  return [...new Set(all.map(({ name }) => name))].flatMap((name) => {
    const found = all.filter((each) => each.name === name);
    // Each overload of a function is an export by itself.
    const places = found.filter(({ path }, index) => found.findIndex((each) => each.path === path) === index);
    if (places.length === 1 || ROLE_NAMES.has(name)) return [];
    const packages = places.map(({ path }) => packageOf(path));
    const twice = packages.find((each, index) => packages.indexOf(each) !== index);
    if (twice !== undefined) return [`${name} is exported twice in ${twice}: ${list(places)}`];
    if (packages.includes("core")) return [`${name} is core's and an adapter's: ${list(places)}`];
    const kinds = new Set(places.map(({ kind }) => kind));
    return kinds.size === 1 ? [] : [`${name} is of several kinds: ${list(places)}`];
  });
}

const ROLE_NAMES = new Set(
  Object.values(ROLES)
    .flat()
    .map((each) => each.split(" ")[1] ?? ""),
);

const packageOf = (path: string): string => posix.join(...path.split("/src/")[0]!.split("/"));
const list = (places: readonly Exported[]): string => places.map(({ kind, path }) => `${kind} in ${path}`).join(", ");
