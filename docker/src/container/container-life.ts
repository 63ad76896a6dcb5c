import { getContainerRuntimeClient, type ContainerRuntimeClient } from "testcontainers";
import type { ProbeResult } from "../probes/probe.ts";
import { until } from "../until.ts";
import { disown } from "../watchdog.ts";
import type { ContainerProgram } from "./container-program.ts";

/** LocalStack and the Java emulator need half a minute on a busy machine. */
const START_DEADLINE_MS = 180_000;
const LOG_LINES = 15;
const ENDED = "it ended while starting";

type Container = ReturnType<ContainerRuntimeClient["container"]["getById"]>;

/**
 * A created container seen from outside: whether its broker answers, killing it, and starting it again on the same
 * port.
 */
export class ContainerLife {
  readonly #client: ContainerRuntimeClient;
  readonly #container: Container;
  readonly #program: ContainerProgram;
  readonly #host: string;
  readonly #port: number;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;

  private constructor(
    client: ContainerRuntimeClient,
    id: string,
    program: ContainerProgram,
    host: string,
    port: number,
  ) {
    this.#client = client;
    this.#container = client.container.getById(id);
    this.#program = program;
    this.#host = host;
    this.#port = port;
  }

  static async of(id: string, program: ContainerProgram, host: string, port: number): Promise<ContainerLife> {
    return new ContainerLife(await getContainerRuntimeClient(), id, program, host, port);
  }

  /** Starts the container unless it runs; resolves with what its broker says about itself. */
  start(): Promise<ProbeResult> {
    return this.#inOrder(async () => {
      if (this.#ended) throw new Error("this broker is closed; start another one");
      if (!(await this.#running())) await this.#container.start();
      return await this.#answer();
    });
  }

  kill(): Promise<void> {
    return this.#inOrder(async () => {
      if (!(await this.#running())) return;
      const gone = this.#container.wait();
      await this.#container.kill({ signal: "SIGKILL" });
      await gone;
    });
  }

  end(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#ended) return;
      this.#ended = true;
      await this.#container.remove({ force: true, v: true });
      disown(`container:${this.#container.id}`);
    });
  }

  /** Rejects with what the command printed when it fails. */
  async run(command: readonly string[]): Promise<string> {
    const { exitCode, output, stdout } = await this.#client.container.exec(this.#container, [...command]);
    if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${output.trim()}`);
    return stdout;
  }

  /** The version in the image's labels. */
  async imageVersion(): Promise<string | undefined> {
    const { Config } = await this.#container.inspect();
    return Config.Labels["org.opencontainers.image.version"];
  }

  /** Why it did not start: the end of its log, or `error` if it has not ended by itself. */
  async explain(error: unknown): Promise<unknown> {
    const { Status } = (await this.#container.inspect()).State;
    return Status === "exited" ? await this.#quote(ENDED, error) : error;
  }

  async #answer(): Promise<ProbeResult> {
    try {
      return await until(
        async () => {
          const answer = await this.#program.probe(this.#host, this.#port);
          if (answer === undefined && !(await this.#running())) throw new Error(ENDED);
          return answer;
        },
        { deadlineMs: START_DEADLINE_MS, everyMs: 100, what: `it to answer at ${this.#host}:${this.#port}` },
      );
    } catch (error) {
      throw await this.#quote((error as Error).message, error);
    }
  }

  async #quote(reason: string, cause: unknown): Promise<Error> {
    const log = await this.#logTail();
    return new Error(`the container did not start: ${reason}; it said:\n${log}`, { cause });
  }

  async #running(): Promise<boolean> {
    return (await this.#container.inspect()).State.Running;
  }

  async #logTail(): Promise<string> {
    const frames = await this.#container.logs({ follow: false, stdout: true, stderr: true, tail: LOG_LINES });
    return payloads(frames).trimEnd();
  }

  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step, step);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** The engine sends each piece of output after a header of eight bytes, which ends with the length. */
function payloads(frames: Buffer): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    pieces.push(frames.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(pieces).toString("utf8");
}
