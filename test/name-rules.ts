import { posix } from "node:path";

/** One file that every adapter has at the root of its `src`. */
interface Role {
  readonly what: string;
  /** `Name` and `name` stand for the adapter's. */
  readonly exports: readonly string[];
}

/** What every adapter has at the root of its `src`. CONTRIBUTING.md shows it, and a test compares the two. */
export const ROLES: Readonly<Record<string, Role>> = {
  "index.ts": { what: "the package's exports, re-exported by name", exports: [] },
  "adapter.ts": {
    what: "the factory, and what core loads for a URL",
    exports: ["function name", "const adapterModule"],
  },
  "options.ts": { what: "one table of all options, by which core reads URLs too", exports: ["interface NameOptions"] },
  "capabilities.ts": { what: "what the broker can do", exports: ["const nameCapabilities"] },
  "message-limits.ts": {
    what: "how many bytes a message has for the broker, and which are refused before anything is sent",
    exports: ["function nameMessageLimits"],
  },
  "limits.ts": { what: "the broker's limits, each with its source and the date it was read", exports: [] },
  "names.ts": { what: "the broker's names for topics, subscriptions and queues", exports: [] },
  "connection.ts": {
    what: "one connection to the broker: opened, watched, repaired, closed",
    exports: ["class Connection"],
  },
  "driver.ts": { what: "connects, and makes the parts below", exports: ["function openDriver"] },
  "publisher.ts": { what: "publishes to one topic", exports: ["class NamePublisher"] },
  "subscriber.ts": {
    what: "one worker: receives, and settles what core has decided",
    exports: ["class NameSubscriber"],
  },
  "delivery.ts": { what: "one message given to one worker, as plain data", exports: ["class NameDelivery"] },
  "dead-letters.ts": { what: "the dead-letter queue of one subscription", exports: [] },
  "statistics.ts": {
    what: "what the broker says about the messages of one subscription",
    exports: ["function readStatistics"],
  },
  "codec.ts": { what: "core's message to the broker's and back", exports: [] },
  "errors.ts": {
    what: "the table from the broker's errors to `PubSubError`",
    exports: ["function toPubSubError"],
  },
  "provisioning.ts": {
    what: "compares declarations with the broker, creates, deletes",
    exports: ["function planTopology", "function applyTopology", "function destroyTopology"],
  },
  "exporter.ts": {
    what: "writes Terraform and policies, without contacting the broker",
    exports: ["function exporterOf"],
  },
};

/** The memory broker lives in the same process: nothing connects, no native error is translated, nothing is exported for an operator, and its subscriptions count themselves. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  memory: ["connection.ts", "exporter.ts", "names.ts", "statistics.ts", "errors.ts function toPubSubError"],
};

/** The rooms of an adapter. The same word stands for the same thing in all of them. CONTRIBUTING.md shows them too. */
export const ROOMS: Readonly<Record<string, string>> = {
  broker: "the broker itself, where it is part of the adapter",
  connection: "how a connection is made, watched, guarded and ended",
  letters: "dead letters: how they are read, their forms and their marks",
  ordering: "order by key: who leads, what is held back, what is recovered",
  publish: "how a publish is sent and its answer read",
  receive: "how messages are asked for and handed to core",
  retry: "where a retry waits",
  scripts: "what the broker itself runs as one step, such as Lua in Redis",
  settle: "how deliveries are settled",
  topology: "what exists on the broker: its names, arguments, differences, policies",
  wire: "the form of a message on the wire, and what may be trusted of it",
};

/** What a word at the end of a class name stands for, and where such a class lives. `*` stands for any adapter. */
interface Part {
  readonly what: string;
  readonly where: readonly string[];
}

export const PARTS: Readonly<Record<string, Part>> = {
  Lanes: { what: "per ordering key what is held of it; only the first may run", where: ["core/src/consume"] },
  Leases: { what: "the leases of all deliveries in hand, and the time of their handlers", where: ["core/src/consume"] },
  Endings: { what: "the ends of attempts: of the claim, the delivery and the place", where: ["core/src/consume"] },
  Settler: { what: "decides what the broker is told of an outcome", where: ["core/src/consume"] },
  Settlements: { what: "tells the broker what core has decided", where: ["adapters/*/src/settle"] },
  Writer: { what: "writes settles to the connection", where: ["adapters/*/src/settle"] },
  Batcher: { what: "collects entries until a request is full or due", where: ["adapters/*/src/settle"] },
  Delivery: {
    what: "one message given to one worker",
    where: ["core/src/consume", "adapters/*/src"],
  },
  Subscriber: {
    what: "one worker, as a driver sees it; core's side is a worker",
    where: ["adapters/*/src", "adapters/*/src/ordering", "core/src/drivers"],
  },
  Loop: {
    what: "does its work again and again until it is stopped",
    where: ["adapters/*/src/receive", "adapters/memory/src/broker"],
  },
  Watch: {
    what: "notices that somebody no longer answers",
    where: ["adapters/*/src/connection", "adapters/*/src/receive"],
  },
};

/** What a function of this name looks like, in whatever file: who knows one knows all. */
const SIGNATURES: Readonly<Record<string, readonly [pattern: RegExp, words: string]>> = {
  toPubSubError: [/^\(\s*\w+: unknown/, "takes what was thrown first, as `unknown`"],
  leaseLost: [/\): PubSubError\s*$/, "returns a `PubSubError`"],
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
  const missing = Object.entries(ROLES).flatMap(([file, { exports: wanted }]) => {
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

/** Functions that do not look like all others of their name. */
export function signatureProblems(path: string, text: string): readonly string[] {
  return Object.entries(SIGNATURES).flatMap(([name, [pattern, words]]) => {
    const declaration = `function ${name}(`;
    const start = text.indexOf(declaration);
    if (start < 0) return [];
    const signature = text.slice(start + declaration.length - 1, text.indexOf("{\n", start));
    return pattern.test(signature) ? [] : [`${path}: ${name} ${words} everywhere else`];
  });
}

/** Classes whose last word says what they are not, by where they live. */
export function partProblems(all: readonly Exported[]): readonly string[] {
  return all.flatMap(({ path, kind, name }) => {
    const [word, part] = Object.entries(PARTS).find(([ending]) => name.endsWith(ending)) ?? [];
    if (kind !== "class" || word === undefined || part === undefined) return [];
    const room = posix.dirname(path);
    const isThere = part.where.some((place) => posix.matchesGlob(room, place));
    return isThere ? [] : [`${path}: ${name} is no ${word} (${part.what}), or lives in ${part.where.join(" or ")}`];
  });
}

const ROLE_NAMES = new Set(
  Object.values(ROLES)
    .flatMap((role) => role.exports)
    .map((each) => each.split(" ")[1] ?? ""),
);

const packageOf = (path: string): string => posix.join(...path.split("/src/")[0]!.split("/"));
const list = (places: readonly Exported[]): string => places.map(({ kind, path }) => `${kind} in ${path}`).join(", ");
