import { execFileSync } from "node:child_process";

/** The ids of the containers that publish the port, running or not; empty when there is none. */
export function containersWith(port: number): string {
  return execFileSync("docker", ["ps", "--all", "--quiet", "--filter", `publish=${port}`], { encoding: "utf8" }).trim();
}
