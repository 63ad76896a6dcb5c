import { httpGet } from "./http-get.ts";
import { probeGrpc } from "./probe-grpc.ts";
import { probeHttp } from "./probe-http.ts";
import type { Probe } from "./probe.ts";

/** Distinguishes LocalStack, moto and fauxqs by pages that only one of them has. */
export const identifyAws: Probe = async (host, port) => {
  if ((await probeHttp(host, port)) === undefined) return undefined;
  const localstack = await httpGet(host, port, "/_localstack/health");
  if (localstack?.status === 200) {
    const version = /"version":\s*"([^"]+)"/.exec(localstack.body)?.[1];
    return { implementation: "localstack", ...(version === undefined ? {} : { version }) };
  }
  const moto = await httpGet(host, port, "/moto-api/data.json");
  if (moto?.status === 200) return { implementation: "moto" };
  const fauxqs = await httpGet(host, port, "/_fauxqs/queues");
  return { implementation: fauxqs?.status === 200 ? "fauxqs" : "aws" };
};

/** Google's emulator also answers HTTP/1.1, with `Ok`; pstest speaks gRPC only. */
export const identifyGcp: Probe = async (host, port) => {
  if ((await probeGrpc(host, port)) === undefined) return undefined;
  const page = await httpGet(host, port, "/");
  return { implementation: page?.status === 200 ? "gcp-emulator" : "pstest" };
};
