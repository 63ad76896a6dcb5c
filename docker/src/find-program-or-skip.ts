import { findProgram } from "./find-program.ts";
import { isCi } from "./is-ci.ts";

/**
 * The path of a program that tests need. When it is missing, says so on standard error and returns `undefined`, so that the tests can be
 * skipped. In CI (`CI` set) it throws instead, because there nobody would notice a skipped test.
 *
 * @param install the command that installs it, for the message
 */
export function findProgramOrSkip(name: string, install: string): string | undefined {
  const path = findProgram(name);
  if (path !== undefined) return path;
  const message = `there is no ${name} on the PATH; install it with: ${install}`;
  if (isCi()) throw new Error(message);
  process.stderr.write(`\nSKIPPED, ${message}\n\n`);
  return undefined;
}
