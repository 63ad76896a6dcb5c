import { getContainerRuntimeClient } from "testcontainers";
import type { Broker, BrokerKind, StartBrokerOptions } from "../broker.ts";
import { freePorts } from "../free-ports.ts";
import type { BrokerImage } from "../images.ts";
import { ContainerLife } from "./container-life.ts";
import type { ContainerProgram } from "./container-program.ts";
import { PrivateContainer } from "./private-container.ts";
import { publishedAt } from "./published-at.ts";

const PORT_ATTEMPTS = 5;
const PORT_TAKEN = /port is already allocated|address already in use/i;

/** Runs a broker in a container, on a host port that stays the same when it is killed and started. */
export async function runContainer(
  kind: BrokerKind,
  image: BrokerImage,
  program: ContainerProgram,
  options: StartBrokerOptions,
): Promise<Broker> {
  const { life, host, port } = await startLife(image, program, options);
  try {
    const { version } = await life.start();
    const admin = program.admin?.((command) => life.run(command));
    const authority = `${host}:${port}`;
    return {
      kind,
      provider: "docker",
      implementation: image.implementation,
      version: version ?? (await findVersion(life, image, program)),
      host,
      port,
      url: program.url(authority),
      survivesRestart: program.survivesRestart,
      kill: () => life.kill(),
      start: async () => {
        await life.start();
      },
      ...(admin === undefined ? {} : { admin }),
      close: () => life.end(),
    };
  } catch (error) {
    await life.end();
    throw error;
  }
}

interface Started {
  readonly life: ContainerLife;
  readonly host: string;
  readonly port: number;
}

async function startLife(image: BrokerImage, program: ContainerProgram, options: StartBrokerOptions): Promise<Started> {
  const { info } = await getContainerRuntimeClient();
  const { hostIp, host } = publishedAt(info.containerRuntime.host);
  for (let attempt = 1; ; attempt++) {
    const [port] = (await freePorts(1)) as [number];
    const container = describe(image, program, options, hostIp, port);
    const lifeOf = (id: string) => ContainerLife.of(id, program, host, port);
    try {
      const started = await container.start();
      return { life: await lifeOf(started.getId()), host, port };
    } catch (error) {
      const reason = container.id === undefined ? error : await endFailed(await lifeOf(container.id), error);
      if (attempt === PORT_ATTEMPTS || !PORT_TAKEN.test(String(error))) throw reason;
    }
  }
}

/**
 * Removes a container that was created but not started, and says why. A broker that refuses its configuration has
 * often ended before testcontainers sees its ports. Testcontainers then waits ten seconds and reports missing ports,
 * but the container's own log says what was wrong.
 */
async function endFailed(life: ContainerLife, error: unknown): Promise<unknown> {
  try {
    return await life.explain(error).catch(() => error);
  } finally {
    await life.end();
  }
}

function describe(
  image: BrokerImage,
  program: ContainerProgram,
  options: StartBrokerOptions,
  hostIp: string,
  port: number,
): PrivateContainer {
  const container = new PrivateContainer(image.name, hostIp);
  container.withExposedPorts({ container: program.port, host: port });
  if (program.entrypoint !== undefined) container.withEntrypoint([...program.entrypoint]);
  if (program.command !== undefined) container.withCommand([...program.command]);
  if (program.environment !== undefined) container.withEnvironment({ ...program.environment });
  const files = Object.entries(program.files?.(options) ?? {});
  container.withCopyContentToContainer(files.map(([target, content]) => ({ target, content, mode: 0o644 })));
  return container;
}

async function findVersion(life: ContainerLife, image: BrokerImage, program: ContainerProgram): Promise<string> {
  if (program.versionCommand !== undefined) {
    const printed = await life.run(program.versionCommand).catch(() => "");
    if (printed.trim() !== "") return printed.trim();
  }
  const tag = /:(\d[^/]*)$/.exec(image.name)?.[1];
  return (await life.imageVersion()) ?? tag ?? "unknown";
}
