import { execFile } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { logTail, type ManagedProcess, rabbitmqEnvironment, startProcess, until } from "@anytopic/brokers";
import type { TcpProxy } from "@anytopic/conformance";
import { PortMapper } from "./port-mapper.ts";

const START_DEADLINE_MS = 180_000;
const STOP_DEADLINE_MS = 60_000;
/** Each command boots an Erlang machine; on a busy computer that takes minutes. */
const COMMAND_TIMEOUT_MS = 180_000;

export interface NodePlan {
  /** The folder of RabbitMQ's scripts. */
  readonly scripts: string;
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly distPort: number;
  readonly epmdPort: number;
  readonly ctlPort: number;
  readonly cookie: string;
  readonly config: string;
  /** Clients reach this node only through it. */
  readonly clients: TcpProxy;
  /** The ports of the proxies through which this node reaches the others, by their names. */
  readonly peers: ReadonlyMap<string, number>;
}

/** One of the servers of a cluster. */
export class RabbitmqNode {
  readonly name: string;
  readonly clients: TcpProxy;
  readonly #plan: NodePlan;
  readonly #env: NodeJS.ProcessEnv;
  #mapper: PortMapper | undefined;
  #process: ManagedProcess | undefined;

  constructor(plan: NodePlan) {
    this.#plan = plan;
    this.name = plan.name;
    this.clients = plan.clients;
    mkdirSync(plan.folder, { recursive: true });
    this.#env = rabbitmqEnvironment({ ...plan, nodeName: nodeName(plan.name) });
  }

  /** Starts the server, and does not wait until it serves clients. */
  async start(): Promise<void> {
    const { scripts, folder, epmdPort, peers } = this.#plan;
    this.#mapper ??= await PortMapper.start(epmdPort, peers);
    this.#process = await startProcess({
      command: join(scripts, "rabbitmq-server"),
      args: [],
      env: this.#env,
      cwd: folder,
      logFile: this.#logFile,
    });
  }

  async untilRunning(): Promise<void> {
    const running = async (): Promise<true | undefined> => {
      if (this.#process?.running !== true) throw new Error(`${this.name} has ended`);
      // A node that takes part in nothing answers too, so this asks for its broker.
      return await this.ctl("await_startup", "--timeout", "60").then(
        () => true,
        () => undefined,
      );
    };
    try {
      await until(running, { deadlineMs: START_DEADLINE_MS, everyMs: 200, what: `${this.name} to start` });
    } catch (error) {
      throw new Error(`${(error as Error).message}; it said:\n${logTail(this.#logFile, 40)}`, { cause: error });
    }
  }

  /** Runs `rabbitmqctl` on this node. */
  async ctl(...args: readonly string[]): Promise<string> {
    return this.run("rabbitmqctl", ...args);
  }

  /** Runs one of RabbitMQ's commands on this node. */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    const { scripts, folder } = this.#plan;
    const { stdout } = await promisify(execFile)(join(scripts, command), ["--quiet", ...args], {
      env: this.#env,
      cwd: folder,
      timeout: COMMAND_TIMEOUT_MS,
    });
    return stdout;
  }

  get isRunning(): boolean {
    return this.#process?.running === true;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGTERM: an orderly end, as a rolling restart does it. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running?.running !== true) return;
    process.kill(running.pid, "SIGTERM");
    await until(() => (running.running ? undefined : true), {
      deadlineMs: STOP_DEADLINE_MS,
      what: `${this.name} to end`,
    });
  }

  /** SIGSTOP: connections stay open, and nobody answers. */
  async freeze(): Promise<void> {
    await this.#process?.signal("SIGSTOP");
  }

  async thaw(): Promise<void> {
    await this.#process?.signal("SIGCONT");
  }

  /** The disk is lost. Only while the server does not run. */
  loseDisk(): void {
    if (this.isRunning) throw new Error(`${this.name} runs; kill it first`);
    rmSync(join(this.#plan.folder, "mnesia"), { recursive: true });
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#mapper?.close();
  }

  log(lines: number): string {
    return logTail(this.#logFile, lines);
  }

  get #logFile(): string {
    return join(this.#plan.folder, "server.log");
  }
}

/** What the cluster calls it. */
export function nodeName(name: string): string {
  return `${name}@localhost`;
}
