import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readlinkSync } from "node:fs";

/** Every process that works in a folder or names it on its command line, whoever started it. */
export function processesOf(folder: string): string[] {
  const lines = execFileSync("ps", ["-axo", "pid=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.filter((line) => {
    const [pid = ""] = line.trim().split(/\s+/);
    return line.includes(folder) || workingFolder(pid).startsWith(folder);
  });
}

/** The files and folders directly inside. */
export function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Not Linux, or it is gone, or it is not ours.
    return "";
  }
}
