import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// The watchdog reads what this process owns, one line each, until its standard input ends. That happens however this
// process ends (exit, Ctrl-C, crash, SIGKILL). Then it ends what is left.
const SCRIPT = `
trap '' INT TERM HUP QUIT
owned=' '
while IFS= read -r line; do
  case $line in
    +*) owned="$owned\${line#+} " ;;
    -*)
      item=" \${line#-} "
      case $owned in *"$item"*) owned="\${owned%%"$item"*} \${owned#*"$item"}" ;; esac ;;
  esac
done
for item in $owned; do
  case $item in
    group:*) kill -s KILL -- "-\${item#group:}" ;;
    container:*) docker rm --force --volumes "\${item#container:}" ;;
    mount:*) umount -l -- "\${item#mount:}" ;;
  esac
done
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
`;

/** A process group, a container or a mounted folder that must not outlive this process. */
export type Owned = `group:${number}` | `container:${string}` | `mount:${string}`;

interface Watchdog {
  readonly child: ChildProcess;
  readonly root: string;
}

let watchdog: Watchdog | undefined;
let folders = 0;

/** From now on `owned` ends at the latest with this process. */
export function own(owned: Owned): void {
  write(`+${owned}\n`);
}

/** Undoes {@link own}, after `owned` has ended. */
export function disown(owned: Owned): void {
  write(`-${owned}\n`);
}

/** Makes an empty folder that disappears at the latest with this process. */
export function ownFolder(name: string): string {
  const { root } = theWatchdog();
  folders++;
  const folder = join(root, `${folders}-${name}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  try {
    rmdirSync(join(folder, ".."));
  } catch {
    // Another broker still has its folder in it.
  }
}

function write(line: string): void {
  theWatchdog().child.stdin?.write(line);
}

function theWatchdog(): Watchdog {
  if (watchdog !== undefined) return watchdog;
  const root = mkdtempSync(join(tmpdir(), "anytopic-"));
  // Detached, so that Ctrl-C in a terminal does not reach the watchdog.
  const child = spawn("/bin/sh", ["-c", SCRIPT, "anytopic-watchdog", root], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  child.unref();
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  watchdog = { child, root };
  return watchdog;
}
