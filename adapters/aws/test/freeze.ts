import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTENING = "0A";

/** Stops (SIGSTOP) the process of this machine that listens on a port; returns what lets it go on. Linux only. */
export function freeze(port: number): () => void {
  const pid = pidOf(inodeOf(port));
  process.kill(pid, "SIGSTOP");
  return () => process.kill(pid, "SIGCONT");
}

function inodeOf(port: number): string {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readFileSync(table, "utf8").split("\n")) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (local?.endsWith(suffix) === true && state === LISTENING && inode !== undefined) return inode;
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}

function pidOf(inode: string): number {
  for (const pid of readdirSync("/proc")) {
    if (/^\d+$/.test(pid) && hasSocket(pid, inode)) return Number(pid);
  }
  throw new Error(`no process has socket ${inode}`);
}

function hasSocket(pid: string, inode: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => readlinkSync(`${folder}/${fd}`) === `socket:[${inode}]`);
  } catch {
    return false;
  }
}
