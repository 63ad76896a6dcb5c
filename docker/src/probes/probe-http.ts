import { httpGet } from "./http-get.ts";
import type { Probe } from "./probe.ts";

/** Any HTTP answer counts: emulators of AWS differ in what they serve at `/`. */
export const probeHttp: Probe = async (host, port) => {
  const answer = await httpGet(host, port, "/");
  return answer === undefined ? undefined : {};
};
