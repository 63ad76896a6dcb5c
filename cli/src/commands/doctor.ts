import type { ConfigLoad } from "@anytopic/core/config";
import { type InstalledPackage, installedPackages } from "../adapter-packages.ts";
import { capabilityTable } from "../capability-table.ts";
import type { Command, CommandContext } from "../command.ts";
import { describeError, type DescribedError } from "../describe-error.ts";
import { type ExaminedFilter, examineFilters, filtersText } from "../examine-filters.ts";
import { examineTopology, type TopologyReport, topologyText } from "../examine-topology.ts";
import { type FlowLimits, flowLimits, shownCircuit, shownRate } from "../flow-limits.ts";
import { EXIT } from "../exit-codes.ts";
import { counted, table } from "../output.ts";
import { type ProbedConnection, probeConnections } from "../probe-connections.ts";

interface DeclarationsReport {
  readonly topics: number;
  readonly subscriptions: number;
  /** Paths in the configuration for which there is no declaration. */
  readonly undeclared: readonly string[];
  /** Subscriptions with a rate or a circuit. */
  readonly limited: readonly FlowLimits[];
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
    const declarations = await countDeclarations(load, settings.declarations);
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

async function countDeclarations(
  { config }: ConfigLoad,
  declarations: Awaited<ReturnType<CommandContext["settings"]>>["declarations"],
): Promise<DeclarationsReport> {
  try {
    const all = await declarations();
    const { undeclaredPaths } = await import("@anytopic/core/config");
    const topics = all.filter(({ kind }) => kind === "topic").length;
    const limited = all.flatMap((one) => (one.kind === "topic" ? [] : (flowLimits(config, one) ?? [])));
    const undeclared = undeclaredPaths(config, all);
    return { topics, subscriptions: all.length - topics, undeclared, limited, error: null };
  } catch (error) {
    const { message, hint = null } = describeError(error);
    return { topics: 0, subscriptions: 0, undeclared: [], limited: [], error: { message, hint } };
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

function declarationsText({ topics, subscriptions, undeclared, limited, error }: DeclarationsReport): string {
  if (error !== null) return `Declarations\n  ${error.message}${error.hint === null ? "" : `\n  hint: ${error.hint}`}`;
  const warnings = undeclared.map((path) => `\n  warning: ${path} is configured, and nothing of that name is declared`);
  const limits = limited.flatMap(({ subscription, rate, circuit }) => [
    ...(rate === undefined ? [] : [`\n  ${subscription}: rate ${shownRate(rate)}`]),
    ...(circuit === undefined ? [] : [`\n  ${subscription}: circuit ${shownCircuit(circuit)}`]),
  ]);
  const counts = `${counted(topics, "topic")}, ${counted(subscriptions, "subscription")}`;
  return `Declarations\n  ${counts}${limits.join("")}${warnings.join("")}`;
}

function connectionText({ name, isDefault, url, connectMs, server, error }: ProbedConnection): string {
  const title = `Connection ${name}${isDefault ? " (default)" : ""}: ${url}`;
  if (error === null) return `${title}\n  reachable in ${connectMs} ms: ${server}`;
  return `${title}\n  not reachable (${error.code}): ${error.message}${error.hint === null ? "" : `\n  hint: ${error.hint}`}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
