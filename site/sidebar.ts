import { folderEntries } from "./folder-entries.ts";
import { pageAddress, pageFile } from "./page-paths.ts";

/** A short title, and the file of the repository. */
export type Entry = readonly [title: string, source: string];

export interface Section {
  readonly title: string;
  readonly entries: readonly (Entry | Section)[];
}

const section = (title: string, entries: Section["entries"]): Section => ({ title, entries });
/** Entries of one folder, each written as `[title, name]`. */
const inFolder = (folder: string, entries: readonly Entry[]): readonly Entry[] =>
  entries.map(([title, name]) => [title, `${folder}/${name}.md`]);
const guides = (entries: readonly Entry[]): readonly Entry[] => inFolder("docs/guides", entries);
const readmes = (entries: readonly Entry[]): readonly Entry[] =>
  entries.map(([title, folder]) => [title, `${folder}/README.md`]);

/** Everything beside the pages, in reading order. */
export const sections: readonly Section[] = [
  section("Start", [
    ["Getting started", "docs/getting-started.md"],
    ["Comparison", "docs/comparison.md"],
    section(
      "Concepts",
      inFolder("docs/concepts", [
        ["Overview", "index"],
        ["Topic", "topic"],
        ["Subscription", "subscription"],
        ["Delivery", "delivery"],
        ["Lease", "lease"],
        ["Retry", "retry"],
        ["Dead letter", "dead-letter"],
        ["Order", "order"],
        ["Exactly-once", "exactly-once"],
      ]),
    ),
  ]),
  section("Guides", [
    section(
      "Publishing",
      guides([
        ["Publishing", "publishing"],
        ["Delayed publish", "delayed-publish"],
        ["Messages that expire", "expiry"],
        ["Ordering", "ordering"],
      ]),
    ),
    section(
      "Handling",
      guides([
        ["Handling", "handling"],
        ["Retries and dead letters", "retries-and-dead-letters"],
        ["Pull form", "pull-form"],
        ["Batches", "batches"],
        ["Filters", "filters"],
        ["Flow control", "flow-control"],
        ["Draining", "draining"],
        ["Replay", "replay"],
        ["Exactly-once", "exactly-once"],
        ["Testing", "testing"],
        ["Testing: faults and brokers", "testing-faults"],
      ]),
    ),
    section(
      "Data",
      guides([
        ["Outbox", "outbox"],
        ["Outbox relay", "outbox-relay"],
        ["Inbox", "inbox"],
        ["Databases", "databases"],
        ["Archive", "archive"],
      ]),
    ),
    section(
      "Running",
      guides([
        ["Configuration", "configuration"],
        ["Shutdown, probes, signals", "shutdown"],
        ["Kubernetes", "kubernetes"],
        ["Metrics", "metrics"],
        ["Alerts", "alerts"],
        ["Statistics", "statistics"],
        ["OpenTelemetry", "opentelemetry"],
        ["Instrumentation", "instrumentation"],
        ["Logging", "logging"],
        ["Dashboard", "dashboard"],
        ["Dashboard: dead letters", "dashboard-dead-letters"],
        ["Dashboard: events", "dashboard-events"],
        ["Dashboard: mounting it", "dashboard-mounting"],
        ["Cost", "cost"],
        ["Performance", "performance"],
        ["Trust", "security"],
        ["Surroundings", "surroundings"],
      ]),
    ),
    section(
      "Brokers",
      guides([
        ["Several brokers", "several-brokers"],
        ["Moving between brokers", "moving-between-brokers"],
        ["Writing an adapter", "writing-an-adapter"],
        ["Conformance of an adapter", "conformance-for-adapter-authors"],
      ]),
    ),
  ]),
  section(
    "Recipes",
    inFolder("docs/recipes", [
      ["Overview", "index"],
      ["Hono", "hono"],
      ["Express", "express"],
      ["Fastify", "fastify"],
      ["NestJS", "nestjs"],
      ["Next.js", "next"],
      ["Workers and servers", "workers-and-servers"],
      ["Bun", "bun"],
      ["Deno", "deno"],
      ["Bundlers", "bundlers"],
      ["CommonJS", "commonjs"],
      ["Monorepos", "monorepos"],
    ]),
  ),
  section(
    "Migration",
    inFolder("docs/migration", [
      ["Overview", "index"],
      ["From BullMQ", "from-bullmq"],
      ["From Encore", "from-encore"],
      ["From message-queue-toolkit", "from-message-queue-toolkit"],
      ["From NestJS", "from-nestjs"],
      ["From Google Cloud Pub/Sub", "from-google-cloud-pubsub"],
      ["From NATS", "from-nats"],
      ["From RabbitMQ", "from-rabbitmq"],
      ["From Redis Streams", "from-redis-streams"],
      ["From SNS and SQS", "from-sns-sqs"],
    ]),
  ),
  section(
    "Adapters",
    readmes([
      ["Memory", "adapters/memory"],
      ["NATS JetStream", "adapters/nats"],
      ["RabbitMQ", "adapters/rabbitmq"],
      ["Redis Streams", "adapters/redis"],
      ["AWS SNS and SQS", "adapters/aws"],
      ["Google Cloud Pub/Sub", "adapters/gcp"],
    ]),
  ),
  section("Reference", [
    ...inFolder("docs/reference", [
      ["Overview", "index"],
      ["Options", "options"],
      ["Configuration keys", "configuration"],
      ["Capabilities", "capabilities"],
      ["Limits", "limits"],
      ["Command line", "cli"],
    ]),
    section("API", folderEntries("docs/reference/api")),
    section(
      "Packages",
      readmes([
        ["anytopic", "cli"],
        ["core", "core"],
        ["metrics", "packages/metrics"],
        ["opentelemetry", "packages/opentelemetry"],
        ["outbox", "packages/outbox"],
        ["sql", "packages/sql"],
        ["dashboard", "packages/dashboard"],
        ["archive", "packages/archive"],
        ["testing", "packages/testing"],
        ["conformance", "conformance"],
      ]),
    ),
  ]),
  section("Errors", folderEntries("docs/errors")),
  section("Project", [
    ...inFolder("docs", [
      ["Architecture", "architecture"],
      ["Contract", "contract"],
      ["Conformance", "conformance"],
      ["Kill matrix", "kill-matrix"],
      ["Mutation tests", "mutation"],
      ["Chaos", "chaos"],
      ["Clusters", "clusters"],
      ["Scale", "scale"],
      ["Soak", "soak"],
      ["Dependencies", "dependencies"],
    ]),
    ...readmes([
      ["Bench", "bench"],
      ["Examples", "examples"],
    ]),
    ["Contributing", "CONTRIBUTING.md"],
    ["Reporting a vulnerability", "SECURITY.md"],
    section("Decisions", folderEntries("docs/adr")),
  ]),
];

/** Every entry of the sections, at any depth. */
export const entriesOf = (parts: Section["entries"]): readonly Entry[] =>
  parts.flatMap((part) => (isSection(part) ? entriesOf(part.entries) : [part]));

const isSection = (part: Entry | Section): part is Section => !Array.isArray(part);

interface SidebarItem {
  text: string;
  link?: string;
  items?: SidebarItem[];
  collapsed?: boolean;
}

const shown = (part: Entry | Section): SidebarItem[] => {
  if (isSection(part)) {
    const items = part.entries.flatMap(shown);
    return items.length === 0 ? [] : [{ text: part.title, items, collapsed: part.title !== "Start" }];
  }
  const [text, source] = part;
  return [{ text, link: pageAddress(pageFile(source) ?? "") }];
};

/** The sections as VitePress wants them. */
export const sidebar: SidebarItem[] = sections.flatMap(shown);
