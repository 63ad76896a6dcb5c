import { findProgramOrSkip } from "./find-program-or-skip.ts";

/** The path of a Chromium that tests may drive; see `findProgramOrSkip` for what happens without one. */
export function browserOrSkip(): string | undefined {
  return findProgramOrSkip("chromium", "scripts/install-brokers.sh browser");
}

/** How it is started: without windows, as root in a container, and without a request of its own to any address. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  "--headless=new",
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--no-first-run",
  "--disable-dev-shm-usage",
];
