import "./letters.css";
import type { JSX } from "preact";
import type { ScreenProps } from "../screen.ts";
import { LetterView } from "./letter-view.tsx";
import { LettersOverviewView } from "./letters-overview.tsx";
import { SubscriptionLetters } from "./subscription-letters.tsx";

export function LettersView({ session, query }: ScreenProps): JSX.Element {
  const of = query.get("of");
  const ref = query.get("ref");
  return (
    <div class="dead-letters">
      {of === null && <LettersOverviewView />}
      {of !== null && ref === null && <SubscriptionLetters key={of} of={of} query={query} can={session.can} />}
      {of !== null && ref !== null && <LetterView key={`${of} ${ref}`} of={of} letterRef={ref} can={session.can} />}
    </div>
  );
}
