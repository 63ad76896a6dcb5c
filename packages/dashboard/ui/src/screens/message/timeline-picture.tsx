import type { JSX } from "preact";
import { EVENT_WORDS } from "../../parts/event-words.ts";
import { shownDuration } from "../../parts/format.ts";
import { visibleText } from "../../parts/visible-text.ts";
import type { TimelineStep } from "./timeline.ts";

const LANE_HEIGHT = 34;
const NAME_WIDTH = 190;
const STEP_WIDTH = 34;
const MOST_STEPS = 60;
/** Ends of what `deliver` and `publish` begin. */
const BEGINS = new Set(["deliver", "publish"]);

/** The same as the list, as a small picture: a lane for each subscription, from left to right. A long gap is wider, but not to scale. */
export function TimelinePicture({ steps }: { readonly steps: readonly TimelineStep[] }): JSX.Element | null {
  const shown = steps.slice(-MOST_STEPS);
  if (shown.length < 2) return null;
  const lanes = [...new Set(shown.map(laneOf))];
  let x = NAME_WIDTH;
  const marks = shown.map((step, index) => {
    if (index > 0) x += STEP_WIDTH + Math.min(70, 14 * Math.log10(1 + step.gapMs));
    return { step, x, y: LANE_HEIGHT * (lanes.indexOf(laneOf(step)) + 0.5) + 16 };
  });
  const height = LANE_HEIGHT * lanes.length + 20;
  return (
    <div class="wide timeline-picture">
      <svg
        width={x + 60}
        height={height}
        role="img"
        aria-label="The steps of the list below, a lane for each subscription"
      >
        {lanes.map((lane, index) => (
          <g key={lane}>
            <text x={8} y={LANE_HEIGHT * (index + 0.5) + 20} class="lane">
              {lane.length > 26 ? `${visibleText(lane.slice(0, 25))}…` : visibleText(lane)}
              <title>{visibleText(lane)}</title>
            </text>
            <line
              x1={NAME_WIDTH - 10}
              x2={x + 20}
              y1={LANE_HEIGHT * (index + 0.5) + 16}
              y2={LANE_HEIGHT * (index + 0.5) + 16}
              class="rail"
            />
          </g>
        ))}
        {marks.map(({ step, x: left, y }, index) => (
          <Mark key={step.event.position} step={step} x={left} y={y} from={beginOf(marks, index)} />
        ))}
        {marks.map(({ step, x: left }, index) =>
          step.gapMs < 1000 ? null : (
            <text key={step.event.position} x={(left + (marks[index - 1]?.x ?? left)) / 2} y={11} class="gap">
              {shownDuration(step.gapMs)}
            </text>
          ),
        )}
      </svg>
    </div>
  );
}

interface Placed {
  readonly step: TimelineStep;
  readonly x: number;
  readonly y: number;
}

function laneOf({ event: { topic, subscription } }: TimelineStep): string {
  return subscription ?? `published to ${topic ?? ""}`;
}

/** Where the attempt or publish began that ends at `index`. */
function beginOf(marks: readonly Placed[], index: number): number | undefined {
  const end = marks[index];
  if (end === undefined || end.step.event.durationMs === undefined) return undefined;
  const begin = marks
    .slice(0, index)
    .findLast(
      ({ step, y }) => y === end.y && BEGINS.has(step.event.type) && step.event.attempt === end.step.event.attempt,
    );
  return begin?.x;
}

function Mark({ step: { event }, x, y, from }: Placed & { readonly from: number | undefined }): JSX.Element {
  const { word, tone, sign } = EVENT_WORDS[event.type];
  return (
    <g class={`timeline-mark ${tone}`}>
      <title>{event.attempt === undefined ? word : `${word}, attempt ${event.attempt}`}</title>
      {from !== undefined && <line x1={from} x2={x} y1={y} y2={y} class="span" />}
      {!BEGINS.has(event.type) && <circle cx={x} cy={y} r={10} class="disc" />}
      {BEGINS.has(event.type) ? (
        <line x1={x} x2={x} y1={y - 7} y2={y + 7} class="begin" />
      ) : (
        <text x={x} y={y + 4.5} class="sign">
          {sign}
        </text>
      )}
    </g>
  );
}
