import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

// Debian installs servers in /usr/sbin, which is not on an ordinary user's PATH.
const MORE_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/sbin"];

/** The path of an executable on the PATH or in the system's folders for servers, or `undefined`. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...MORE_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
