import type { Broker, BrokerKind, StartBrokerOptions } from "../broker.ts";
import { findProgram } from "../find-program.ts";
import { chooseImage } from "../images.ts";
import { containerProgram } from "./container-program.ts";
import { isInstalled } from "../is-installed.ts";
import { engineMayAnswer } from "./engine-may-answer.ts";

/** A broker in a container, or the reason why there is none. */
export async function startContainerBroker(kind: BrokerKind, options: StartBrokerOptions): Promise<Broker | string> {
  const image = chooseImage(kind, options);
  if (image === undefined) return `docker: no image gives ${kind} as ${options.implementation}`;
  const program = containerProgram(image.implementation);
  if (program === undefined) return `docker: no way is known to run ${image.implementation}`;
  if (!engineMayAnswer()) return "docker: no Docker engine here (no socket in the usual places, DOCKER_HOST not set)";

  // Without the reaper's image, containers are removed by our own watchdog, which needs the command line client.
  if (findProgram("docker") !== undefined) process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  if (!isInstalled("testcontainers")) return "docker: the package testcontainers is not installed";
  // Loaded only here, since loading takes most of a second.
  const { obtainImage } = await import("./obtain-image.ts");
  const problem = await obtainImage(image.name);
  if (problem !== undefined) return `docker: ${problem}`;
  const { runContainer } = await import("./run-container.ts");
  return await runContainer(kind, image, program, options);
}
