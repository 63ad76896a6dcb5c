import { EXIT } from "./exit-codes.ts";
import { run } from "./run.ts";

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => {
    // The second signal ends the process at once.
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  let broken: NodeJS.ErrnoException | undefined;
  // If the reader of stdout closes early, as `head` does, the command ends in an orderly way; tail removes its
  // subscription.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    broken ??= error;
    controller.abort(new Error("interrupted"));
  });
  process.stderr.on("error", () => {});
  const code = await run(process.argv.slice(2), process, controller.signal);
  process.exitCode = broken === undefined ? code : exitCodeOf(broken, code);
  process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  // A client library may leave timers or sockets open, but the work is done.
  process.stdout.write("", () => process.exit());
}

function exitCodeOf({ code: reason }: NodeJS.ErrnoException, code: number): number {
  if (reason === "EPIPE") return code === EXIT.interrupted ? EXIT.ok : code;
  process.stderr.write(`anytopic: the output cannot be written: ${reason}\n`);
  return EXIT.failed;
}
