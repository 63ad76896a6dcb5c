import { connect } from "node:http2";
import { PROBE_MS, type Probe } from "./probe.ts";

/** A gRPC server without TLS opens with the settings frame of HTTP/2. */
export const probeGrpc: Probe = (host, port) =>
  new Promise((resolve) => {
    const session = connect(`http://${host}:${port}`);
    const finish = (answered: boolean): void => {
      session.destroy();
      resolve(answered ? {} : undefined);
    };
    session.setTimeout(PROBE_MS, () => finish(false));
    session.on("error", () => finish(false));
    session.on("close", () => finish(false));
    session.on("remoteSettings", () => finish(true));
  });
