import type { Broker, BrokerKind, StartBrokerOptions } from "../broker.ts";
import { freePorts } from "../free-ports.ts";
import { logTail, startProcess, type ManagedProcess, type ProcessSpec } from "../managed-process.ts";
import type { ProbeResult } from "../probes/probe.ts";
import { until } from "../until.ts";
import { ownFolder, removeFolder } from "../watchdog.ts";
import type { NativePlan, NativeProgram } from "./native-program.ts";

/** RabbitMQ and the Java emulator need 5 to 8 s on an idle machine. */
const START_DEADLINE_MS = 90_000;
/** Another program can take a port between our check and the server's bind. */
const PORT_ATTEMPTS = 5;
const PORT_TAKEN = /address (already )?in use|eaddrinuse|bindexception/i;

class PortTakenError extends Error {}

/** Runs a program as a private broker. Its processes end with `close()`, or with this process. */
export async function startNativeBroker(
  kind: BrokerKind,
  program: NativeProgram,
  options: StartBrokerOptions,
): Promise<Broker> {
  for (let attempt = 1; ; attempt++) {
    const folder = ownFolder(program.implementation);
    const ports = await freePorts(program.ports);
    const life = new NativeLife(program, program.plan({ folder, ports, options }), ports[0] as number);
    try {
      const { version } = await life.start();
      return toBroker(kind, program, life, folder, program.version ?? version ?? "unknown");
    } catch (error) {
      await life.end();
      removeFolder(folder);
      if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function toBroker(kind: BrokerKind, program: NativeProgram, life: NativeLife, folder: string, version: string): Broker {
  const { admin } = life.plan;
  let closed: Promise<void> | undefined;
  return {
    kind,
    provider: "native",
    implementation: program.implementation,
    version,
    host: "127.0.0.1",
    port: life.port,
    url: program.url(life.port),
    survivesRestart: program.survivesRestart,
    kill: () => life.kill(),
    start: async () => {
      await life.start();
    },
    freeze: () => life.signal("SIGSTOP"),
    thaw: () => life.signal("SIGCONT"),
    ...(admin === undefined ? {} : { admin }),
    close: () => (closed ??= life.end().then(() => removeFolder(folder))),
  };
}

/** The processes of one broker. Calls of start, kill and end take effect in the order in which they were made. */
class NativeLife {
  readonly plan: NativePlan;
  readonly port: number;
  readonly #program: NativeProgram;
  #server: ManagedProcess | undefined;
  #companion: ManagedProcess | undefined;
  #ended = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(program: NativeProgram, plan: NativePlan, port: number) {
    this.#program = program;
    this.plan = plan;
    this.port = port;
  }

  start(): Promise<ProbeResult> {
    return this.#inOrder(async () => {
      if (this.#ended) throw new Error(`this ${this.#program.implementation} is closed; start another broker`);
      if (this.plan.companion !== undefined && this.#companion?.running !== true) {
        this.#companion = await startProcess(this.plan.companion);
      }
      return await this.#startServer(this.plan.server);
    });
  }

  kill(): Promise<void> {
    return this.#inOrder(() => this.#killServer());
  }

  /** Signals the server and the programs that belong to it. */
  signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    return this.#inOrder(async () => {
      await Promise.all([this.#server?.signal(signal), this.#companion?.signal(signal)]);
    });
  }

  end(): Promise<void> {
    return this.#inOrder(async () => {
      this.#ended = true;
      await Promise.all([this.#killServer(), this.#companion?.kill()]);
    });
  }

  async #startServer(spec: ProcessSpec): Promise<ProbeResult> {
    const { implementation, probe } = this.#program;
    if (this.#server?.running !== true) this.#server = await startProcess(spec);
    const server = this.#server;
    try {
      return await until(
        async () => {
          if (!server.running) throw new Error("it ended while starting");
          const answer = await probe("127.0.0.1", this.port);
          // Another program on our port could have answered while our server failed to bind it.
          return server.running ? answer : undefined;
        },
        { deadlineMs: START_DEADLINE_MS, what: "it to answer" },
      );
    } catch (error) {
      const log = logTail(spec.logFile);
      await this.#killServer();
      const message = `${implementation} did not start: ${(error as Error).message}; ${spec.command} said:\n${log}`;
      throw PORT_TAKEN.test(log) ? new PortTakenError(message) : new Error(message, { cause: error });
    }
  }

  async #killServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.kill();
  }

  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step, step);
    this.#last = result.catch(() => {});
    return result;
  }
}
