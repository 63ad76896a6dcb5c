import "./message.css";
import "../../parts/parts.css";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { EventBatch, SeenEvent } from "../../../../src/api/event-batch.ts";
import { clockTime } from "../../parts/clock-time.ts";
import { EventError } from "../../parts/event-error.tsx";
import { EventSign } from "../../parts/event-sign.tsx";
import { eventDetail } from "../../parts/event-words.ts";
import { ForeignText } from "../../parts/foreign-text.tsx";
import { shownDuration, shownTime } from "../../parts/format.ts";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { useRedraw } from "../../parts/use-redraw.ts";
import { useStream } from "../../parts/use-stream.ts";
import type { ScreenProps } from "../screen.ts";
import { statesOf, timelineOf, type TimelineStep } from "./timeline.ts";
import { TimelinePicture } from "./timeline-picture.tsx";

/** A message that is retried for ever has more. */
const MOST_STEPS = 500;

/** What happened to one message, in all services. */
export function Message({ query }: ScreenProps): JSX.Element {
  const id = query.get("id") ?? "";
  const found = useMemo(() => ({ events: [] as readonly SeenEvent[], isAsked: false, missed: 0 }), [id]);
  const redraw = useRedraw();
  const address = id === "" ? undefined : `events?id=${encodeURIComponent(id)}`;
  const state = useStream(address, (batch) => {
    const { events, missed } = batch as EventBatch;
    found.events = [...found.events, ...events].slice(-MOST_STEPS);
    found.isAsked = true;
    found.missed += missed;
    redraw();
  });
  const steps = timelineOf(found.events);
  const first = steps[0]?.event.atMs;
  return (
    <>
      <h1>
        Message <ForeignText text={id} />
      </h1>
      {state === "lost" && <Notice kind="error">The dashboard does not answer; trying again.</Notice>}
      {found.isAsked && steps.length === 0 && <NotSeen id={id} />}
      {found.missed > 0 && (
        <Notice kind="warning">Some events came too fast to be shown: steps of this message may be missing.</Notice>
      )}
      {first !== undefined && (
        <>
          <States steps={steps} />
          <TimelinePicture steps={steps} />
          <ol class="timeline" aria-label="Steps">
            {steps.map((step) => (
              <Step key={step.event.position} step={step} />
            ))}
          </ol>
          <p class="quiet">
            Began {shownTime(first)}. Times are those of each service's own clock.{" "}
            <Link to={`/search?q=${encodeURIComponent(id)}`}>Search for it among the dead letters</Link>
          </p>
        </>
      )}
    </>
  );
}

function States({ steps }: { readonly steps: readonly TimelineStep[] }): JSX.Element {
  const states = statesOf(steps);
  return (
    <ul class="message-states" aria-live="polite">
      {states.map(({ topic, subscription, state, attempts }) => (
        <li key={`${topic}/${subscription}`}>
          <Link to={`/subscription?of=${encodeURIComponent(`${topic}/${subscription}`)}`}>
            {topic}/{subscription}
          </Link>
          : <strong class={state === "dead letter" ? "is-problem" : ""}>{state}</strong>
          {attempts > 0 && <span class="quiet">, attempt {attempts}</span>}
        </li>
      ))}
      {states.length === 0 && <li class="quiet">No subscription has had it yet.</li>}
    </ul>
  );
}

function Step({ step: { event, gapMs } }: { readonly step: TimelineStep }): JSX.Element {
  const { atMs, type, topic, subscription, service, error } = event;
  return (
    <li>
      <span class="gap">{gapMs >= 1 ? `+ ${shownDuration(gapMs)}` : ""}</span>
      <span class="at">{clockTime(atMs)}</span>
      <EventSign type={type} />
      <span class="what">
        <span>{subscription ?? topic}</span>
        <span class="quiet"> {eventDetail(event)}</span>
        {service !== undefined && <span class="service"> · {service}</span>}
        {error && (
          <div class="is-problem">
            <EventError error={error} />
          </div>
        )}
      </span>
    </li>
  );
}

function NotSeen({ id }: { readonly id: string }): JSX.Element {
  return (
    <div class="panel">
      <p>
        <strong>Nothing is known of this message yet.</strong> It happened before the oldest event that is kept, in a
        service that does not report here, or the id is not right. The page shows what happens from now on.
      </p>
      <p>
        <Link to={`/search?q=${encodeURIComponent(id)}`}>Search for it among the dead letters</Link>
      </p>
    </div>
  );
}
