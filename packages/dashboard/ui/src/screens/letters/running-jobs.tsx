import type { JSX } from "preact";
import type { LetterJobs } from "../../../../src/api/letters.ts";
import { shownCount } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { usePolled } from "../../use-polled.ts";
import { lettersAddress } from "./addresses.ts";

const EVERY_MS = 2000;

/** What is under way, whoever began it. */
export function RunningJobs(): JSX.Element | null {
  const { value } = usePolled<LetterJobs>("letters/jobs", { everyMs: EVERY_MS });
  const running = (value?.jobs ?? []).filter(({ ended }) => ended === null);
  if (running.length === 0) return null;
  return (
    <ul class="panel running" aria-label="Under way">
      {running.map(({ id, kind, of, user, done, expected }) => (
        <li key={id}>
          {user} {kind === "redrive" ? "redrives" : "purges"} <Link to={lettersAddress({ of })}>{of}</Link>:{" "}
          {shownCount(done)}
          {expected !== null && ` of ${shownCount(expected)}`}
        </li>
      ))}
    </ul>
  );
}
