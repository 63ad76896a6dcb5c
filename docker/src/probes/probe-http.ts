import { httpGet } from "./http-get.ts";
import type { Probe } from "./probe.ts";

/** Any HTTP answer is enough: emulators of AWS serve different pages at `/`. */
export const probeHttp: Probe = async (host, port) => {
  const answer = await httpGet(host, port, "/");
  return answer === undefined ? undefined : {};
};
