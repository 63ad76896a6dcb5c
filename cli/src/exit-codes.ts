/** Exit codes, the same for every command. */
export const EXIT: Readonly<Record<"ok" | "failed" | "usage" | "unreachable" | "interrupted", number>> = Object.freeze({
  /** Success; `plan`: there is nothing to do. */
  ok: 0,
  /** The operation failed; `plan`: there is something to do; `apply`: differences remain. */
  failed: 1,
  /** Wrong usage or configuration: nothing was attempted. */
  usage: 2,
  /** The broker cannot be reached, or refuses these credentials. */
  unreachable: 3,
  /** Stopped by Ctrl-C or SIGTERM; the usual code of shells. A command that normally ends so, such as `tail`, ends with 0. */
  interrupted: 130,
});
