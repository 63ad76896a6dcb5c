import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Checks the usual places, so that machines without Docker need not load its client. */
export function engineMayAnswer(): boolean {
  if ((process.env["DOCKER_HOST"] ?? "") !== "") return true;
  const home = homedir();
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.() ?? 0}`;
  return [
    "/var/run/docker.sock",
    join(home, ".testcontainers.properties"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
    join(home, ".colima/default/docker.sock"),
    join(runtime, "docker.sock"),
    join(runtime, ".docker/run/docker.sock"),
  ].some((path) => existsSync(path));
}
