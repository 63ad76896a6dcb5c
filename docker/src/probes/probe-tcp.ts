import { connect } from "node:net";
import { PROBE_MS, type Probe } from "./probe.ts";

/** Checks only that something listens: for servers with TLS. */
export const probeTcp: Probe = (host, port) =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (listening: boolean): void => {
      socket.destroy();
      resolve(listening ? {} : undefined);
    };
    socket.setTimeout(PROBE_MS, () => finish(false));
    socket.on("error", () => finish(false));
    socket.on("connect", () => finish(true));
  });
