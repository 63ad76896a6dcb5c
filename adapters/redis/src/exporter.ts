import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import { subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";
import { EXTEND } from "./scripts/extend.ts";
import { GIVE_BACK } from "./scripts/give-back.ts";
import { END_LETTER, PURGE_LETTERS, TAKE_LETTERS } from "./scripts/letters.ts";
import { PUBLISH_ONCE } from "./scripts/publish-once.ts";
import { CANCEL, LIST_SCHEDULED, PUBLISH_DUE, SCHEDULE } from "./scripts/schedule.ts";
import type { Script } from "./scripts/script.ts";
import { SEEK } from "./scripts/seek.ts";
import { SETTLE } from "./scripts/settle.ts";
import { STATISTICS } from "./scripts/statistics.ts";
import { TAKE } from "./scripts/take.ts";
import { TEND } from "./scripts/tend.ts";
import { TRIM } from "./scripts/trim.ts";

/** What a worker does with the topic's stream itself. It must not publish: `XADD` is allowed on the keys of its subscription alone. */
const ON_STREAM =
  /^(?:xack|xclaim|xpending|xread|xreadgroup|xrange|xrevrange|xtrim|xinfo\|\w+|xgroup\|delconsumer|evalsha)$/;
/** Commands without keys. With INFO the adapter sees whether the server evicts keys and writes a file. */
const KEYLESS = /^(?:ping|info|time|script\|load|client\|unblock|wait|select|cluster\|slots)$/;
const WORKER_SCRIPTS = [SETTLE, TAKE, TEND, TRIM, EXTEND, GIVE_BACK, STATISTICS];
const LETTER_SCRIPTS = [TAKE_LETTERS, END_LETTER, PURGE_LETTERS];
const SCHEDULE_SCRIPTS = [SCHEDULE, PUBLISH_DUE, CANCEL, LIST_SCHEDULED];
const RUN = ["evalsha", "script|load"];

/** Writes policies for a topology without contacting a server. There is no Terraform: `apply` creates streams and groups. */
export function exporterOf(options: CheckedOptions): TopologyExporter {
  return Object.freeze({
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic) => publisherPolicy(topic, options)),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, options)),
    ],
  });
}

function publisherPolicy(topic: TopicSpec, options: CheckedOptions): ExportedPolicy {
  const { stream, seen, later, kept } = topicNames(options.prefix, topic);
  // A script may touch a key only when its user may read and write it.
  const rules = topic.exactlyOnce
    ? [...keys(stream, ...seen), ...commands(options, RUN, commandsOf([PUBLISH_ONCE]))]
    : [`%W~${stream}`, ...commands(options, ["xadd"])];
  // Messages of the stream cannot be read with these commands.
  const scheduling = selector(keys(stream, later, kept, ...seen), [...RUN, ...commandsOf(SCHEDULE_SCRIPTS)]);
  return { role: "publisher", of: topic.name, document: acl([...rules, scheduling]) };
}

function subscriptionPolicies(subscription: SubscriptionSpec, options: CheckedOptions): readonly ExportedPolicy[] {
  const names = subscriptionNames(options.prefix, subscription);
  const { stream, meta, again, due, held, busy, parked, dead, taken } = names;
  const { replay } = subscription.topic;
  const of = `${subscription.topic.name}/${subscription.name}`;
  const own = keys(again, due, held, busy, parked, dead);
  const work = [...RUN, "client|unblock", "xread", "xreadgroup", "xpending", "xadd", ...commandsOf(WORKER_SCRIPTS)];
  const withStream = work.filter((command) => ON_STREAM.test(command) || KEYLESS.test(command));
  const onOwn = work.filter((command) => !withStream.includes(command));
  const worker = [...keys(stream), ...own, ...commands(options, withStream), selector(own, onOwn)];
  // Which group it has now.
  if (replay) worker.push(selector([`%R~${meta}`], ["hget"]));
  const operator = [
    ...keys(dead, taken),
    ...commands(options, RUN, ["xlen", "exists", "xrange", "xadd"], commandsOf(LETTER_SCRIPTS)),
    selector([`%W~${again}`], ["xadd"]),
    ...(replay
      ? [selector(keys(stream, meta, again, due, held, busy, parked), ["evalsha", ...commandsOf([SEEK])])]
      : []),
  ];
  return [
    { role: "subscriber", of, document: acl(worker) },
    { role: "operator", of, document: acl(operator) },
  ];
}

/** The rules of one user, to be put after `ACL SETUSER name on >password`, or into a file of users. https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ (2026-11-26) */
function acl(rules: readonly string[]): string {
  return ["resetkeys", "resetchannels", "-@all", ...rules].join(" ");
}

function keys(...names: readonly string[]): readonly string[] {
  return names.map((name) => `~${name}`);
}

/** Commands with keys of their own. */
function selector(patterns: readonly string[], names: readonly string[]): string {
  return `(-@all ${[...patterns, ...sorted(names)].join(" ")})`;
}

function commands(
  { replicas, cluster, db }: CheckedOptions,
  ...names: readonly (readonly string[])[]
): readonly string[] {
  const always = [
    "ping",
    "info",
    ...(replicas > 0 ? ["wait"] : []),
    ...(cluster ? ["cluster|slots"] : []),
    ...(db > 0 ? ["select"] : []),
  ];
  return sorted([...always, ...names.flat()]);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted().map((name) => `+${name}`);
}

const CALL = /redis\.p?call\('(\w+)'(?:, '(\w+)')?/g;
const WITH_SUBCOMMANDS = new Set(["XGROUP", "XINFO"]);

/** The commands that scripts run: Redis checks each of them as if the user had sent it. */
function commandsOf(scripts: readonly Script[]): readonly string[] {
  return scripts.flatMap(({ source }) =>
    Array.from(source.matchAll(CALL), ([, name = "", second]) =>
      (WITH_SUBCOMMANDS.has(name) ? `${name}|${second}` : name).toLowerCase(),
    ),
  );
}
