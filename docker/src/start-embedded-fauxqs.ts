import type { Broker } from "./broker.ts";
import { fauxqsPackage } from "./fauxqs-package.ts";

/** fauxqs inside this process: ready in milliseconds, but it shares our event loop and cannot be killed. */
export async function startEmbeddedFauxqs(): Promise<Broker> {
  // Loaded only here: it imports a web server and the AWS SDK, which tests of other brokers do not need.
  const { startFauxqs } = await import("fauxqs");
  const server = await startFauxqs({ host: "127.0.0.1", port: 0, logger: false });
  let closed: Promise<void> | undefined;
  return {
    kind: "aws",
    provider: "embedded",
    implementation: "fauxqs",
    version: fauxqsPackage()?.version ?? "unknown",
    host: "127.0.0.1",
    port: server.port,
    url: `http://127.0.0.1:${server.port}`,
    survivesRestart: false,
    close: () => (closed ??= server.stop()),
  };
}
