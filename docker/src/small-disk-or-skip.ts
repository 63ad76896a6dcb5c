import { execFile } from "node:child_process";
import { open, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { disown, own, ownFolder, removeFolder } from "./watchdog.ts";

/** A file system of its own that is small enough to be filled. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all space that is left, apart from `leaveBytes`. @default leaves nothing */
  readonly fill: (leaveBytes?: number) => Promise<void>;
  /** Gives it back. No effect if it was not taken. */
  readonly free: () => Promise<void>;
  readonly freeBytes: () => Promise<number>;
  /** Unmounts it. What runs on it must have ended. Idempotent. */
  readonly close: () => Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Mounts a file system of this size in memory (`tmpfs`), which ends at the latest with this process. Returns `undefined` where that is not
 * possible: it needs Linux and the right to mount.
 */
export async function smallDiskOrSkip(sizeBytes: number): Promise<SmallDisk | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const folder = ownFolder("small-disk");
  try {
    await promisify(execFile)("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes},mode=0700`, "tmpfs", folder]);
  } catch {
    removeFolder(folder);
    return undefined;
  }
  own(`mount:${folder}`);
  const ballast = join(folder, "ballast");
  const freeBytes = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  let closed: Promise<void> | undefined;
  return {
    folder,
    freeBytes,
    fill: async (leaveBytes = 0) => {
      const file = await open(ballast, "a");
      try {
        // What a broker frees meanwhile is taken as well.
        for (let left = await freeBytes(); left > leaveBytes; left = await freeBytes()) {
          await file.write(Buffer.alloc(Math.min(CHUNK_BYTES, left - leaveBytes)));
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    close: () =>
      (closed ??= (async () => {
        await promisify(execFile)("umount", ["-l", folder]);
        disown(`mount:${folder}`);
        removeFolder(folder);
      })()),
  };
}
