import "./parts.css";
import type { JSX } from "preact";

export interface SparkPoint {
  /** 0 is the left edge, 1 the right one. */
  readonly at: number;
  readonly value: number | null;
}

const HEIGHT = 40;
const WIDTH = 300;

/** A small line from 0 to its highest value; it has gaps where nothing is known. */
export function Sparkline({
  points,
  label,
}: {
  readonly points: readonly SparkPoint[];
  readonly label: string;
}): JSX.Element {
  const most = Math.max(1, ...points.map(({ value }) => value ?? 0));
  const place = ({ at, value }: SparkPoint): string =>
    `${(at * WIDTH).toFixed(1)} ${(HEIGHT - 2 - ((value ?? 0) / most) * (HEIGHT - 6)).toFixed(1)}`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line class="base" x1="0" y1={HEIGHT - 1} x2={WIDTH} y2={HEIGHT - 1} />
      {runs(points).map((run) =>
        run.length === 1 && run[0] !== undefined ? (
          <path key={run[0].at} class="line" d={`M${place(run[0])}h-2`} />
        ) : (
          <path key={run[0]?.at} class="line" d={`M${run.map(place).join("L")}`} />
        ),
      )}
    </svg>
  );
}

/** The parts between the gaps. */
function runs(points: readonly SparkPoint[]): readonly (readonly SparkPoint[])[] {
  const found: SparkPoint[][] = [];
  let current: SparkPoint[] | undefined;
  for (const point of points) {
    if (point.value === null) current = undefined;
    else if (current === undefined) found.push((current = [point]));
    else current.push(point);
  }
  return found;
}
