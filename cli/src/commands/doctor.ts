import type { ConfigLoad } from "@anytopic/core/config";
import { type InstalledPackage, installedPackages } from "../adapter-packages.ts";
import { capabilityTable } from "../capability-table.ts";
import type { Command, CommandContext } from "../command.ts";
import { describeError, type DescribedError } from "../describe-error.ts";
import { type ExaminedFilter, examineFilters, filtersText } from "../examine-filters.ts";
import { examineTopology, type TopologyReport, topologyText } from "../examine-topology.ts";
import { type InForce, inForce, shownInForce } from "../in-force.ts";
import { EXIT } from "../exit-codes.ts";
import { counted, table } from "../output.ts";
import { type ProbedConnection, probeConnections } from "../probe-connections.ts";
import type { Settings } from "../settings.ts";

interface DeclarationsReport {
  readonly topics: number;
  readonly subscriptions: number;
  /** Paths in the configuration for which there is no declaration. */
  readonly undeclared: readonly string[];
  /** Topics that keep handled messages, for `seek`. */
  readonly replayed: readonly string[];
  /** Whether a module exports the store in which delayed publishes wait, where the broker keeps none. */
  readonly scheduleStore: boolean;
  /** Subscriptions that have more than the defaults. */
  readonly inForce: readonly InForce[];
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

interface Report {
  readonly load: ConfigLoad | undefined;
  readonly problem: DescribedError | undefined;
  readonly adapters: readonly InstalledPackage[];
  readonly connections: readonly ProbedConnection[];
  readonly declarations: DeclarationsReport | undefined;
  readonly topology: TopologyReport | undefined;
  readonly filters: readonly ExaminedFilter[];
}

/** `anytopic doctor` */
export const doctor: Command = {
  name: "doctor",
  operands: "",
  operandCount: [0, 0],
  summary: "show what is configured and installed, and whether the brokers answer",
  details: `Where each value comes from, versions of adapters and servers, what each adapter can do, and for
the declarations, what \`plan\` finds different and what it cannot see, and where filters are applied. Creates nothing.
Exit code 0 when all connections answer, whatever differs; 2 when the configuration cannot be used, 3 when a broker does not answer.`,
  example: "anytopic doctor --url nats://127.0.0.1:4222",
  options: {},
  async run(context) {
    const report = await examine(context);
    const { load, problem, adapters, connections, declarations, topology, filters } = report;
    context.output.result(
      {
        node: process.version,
        configuration:
          load === undefined
            ? null
            : {
                path: load.path ?? null,
                urlFrom: load.source,
                precedence: load.precedence,
                default: load.config.default,
                provisioning: load.config.provisioning ?? "ensure",
                declarations: load.config.declarations,
              },
        problem:
          problem === undefined ? null : { code: problem.code, message: problem.message, hint: problem.hint ?? null },
        adapters: adapters.map(({ name, version = null }) => ({ name, version })),
        connections: connections.map(({ exitCode: _exitCode, blindSpot: _blindSpot, ...shown }) => shown),
        declarations: declarations ?? null,
        topology: topology ?? null,
        filters,
      },
      () => reportText(report),
    );
    if (problem !== undefined) return problem.exitCode;
    return Math.max(EXIT.ok, ...connections.map(({ exitCode }) => exitCode));
  },
};

async function examine({ settings: read, signal }: CommandContext): Promise<Report> {
  const adapters = installedPackages();
  try {
    const settings = await read();
    const { load } = settings;
    const connections = await probeConnections(load, signal);
    const declarations = await countDeclarations(settings);
    const isDeclared = declarations.error === null;
    const topology = isDeclared ? await examineTopology(settings, connections, signal) : undefined;
    const filters = isDeclared ? await examineFilters(settings, connections, signal) : [];
    return { load, problem: undefined, adapters, connections, declarations, topology, filters };
  } catch (error) {
    const described = describeError(error);
    // Without the hint, which would be to run this command.
    const problem = described.code === "INVALID_CONFIG" ? { ...described, hint: undefined } : described;
    const unknown = { load: undefined, declarations: undefined, topology: undefined };
    return { ...unknown, problem, adapters, connections: [], filters: [] };
  }
}

async function countDeclarations({ load: { config }, declarations, schedule }: Settings): Promise<DeclarationsReport> {
  try {
    const all = await declarations();
    const { undeclaredPaths } = await import("@anytopic/core/config");
    const topics = all.filter((one) => one.kind === "topic");
    const subscriptions = all.filter((one) => one.kind === "subscription");
    return {
      topics: topics.length,
      subscriptions: subscriptions.length,
      undeclared: undeclaredPaths(config, all),
      scheduleStore: (await schedule()) !== undefined,
      replayed: topics.filter(({ replay }) => replay).map(({ name }) => name),
      inForce: subscriptions.flatMap((one) => inForce(config, one) ?? []),
      error: null,
    };
  } catch (error) {
    const { message, hint = null } = describeError(error);
    const none = { topics: 0, subscriptions: 0, undeclared: [], replayed: [], scheduleStore: false, inForce: [] };
    return { ...none, error: { message, hint } };
  }
}

function reportText({ load, problem, adapters, connections, declarations, topology, filters }: Report): string {
  const parts = [
    load === undefined ? undefined : configurationText(load),
    problem === undefined
      ? undefined
      : `Problem\n  ${problem.message}${problem.hint === undefined ? "" : `\n  hint: ${problem.hint}`}`,
    declarations === undefined ? undefined : declarationsText(declarations),
    `Adapters\n${indented(
      table(
        ["PACKAGE", "VERSION"],
        adapters.map(({ name, version }) => [name, version ?? "not installed"]),
      ),
    )}`,
    ...connections.map(connectionText),
    topology === undefined ? undefined : topologyText(topology),
    filters.length === 0 ? undefined : filtersText(filters),
    connections.some(({ reachable }) => reachable)
      ? `Capabilities\n${indented(capabilityTable(connections))}`
      : undefined,
  ];
  return parts.filter((part) => part !== undefined).join("\n\n");
}

function configurationText({ precedence, config }: ConfigLoad): string {
  const rows = precedence.map(({ from, state, detail }) => [
    from === "argument" ? "--url" : from,
    state,
    state === "absent" && from !== "configuration" ? "" : detail,
  ]);
  return `Configuration, the strongest first\n${indented(table(["FROM", "STATE", "DECIDES"], rows))}
  provisioning of the application: ${config.provisioning ?? "ensure (default)"}`;
}

function declarationsText(report: DeclarationsReport): string {
  const { topics, subscriptions, undeclared, error } = report;
  if (error !== null) return `Declarations\n  ${error.message}${error.hint === null ? "" : `\n  hint: ${error.hint}`}`;
  const warnings = undeclared.map((path) => `\n  warning: ${path} is configured, and nothing of that name is declared`);
  const settings = [
    ...report.replayed.map((topic) => `${topic}: replay, keeps handled messages`),
    ...(report.scheduleStore ? ["a schedule store is exported, for delayed publishes"] : []),
    ...report.inForce.flatMap(shownInForce),
  ].map((line) => `\n  ${line}`);
  const counts = `${counted(topics, "topic")}, ${counted(subscriptions, "subscription")}`;
  return `Declarations\n  ${counts}${settings.join("")}${warnings.join("")}`;
}

function connectionText({ name, isDefault, url, connectMs, server, error }: ProbedConnection): string {
  const title = `Connection ${name}${isDefault ? " (default)" : ""}: ${url}`;
  if (error === null) return `${title}\n  reachable in ${connectMs} ms: ${server}`;
  return `${title}\n  not reachable (${error.code}): ${error.message}${error.hint === null ? "" : `\n  hint: ${error.hint}`}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
