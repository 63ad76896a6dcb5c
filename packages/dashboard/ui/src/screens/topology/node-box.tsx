import type { JSX } from "preact";
import { STATE_SHAPES } from "../../parts/state-mark.tsx";
import type { DiagramNode } from "./diagram.ts";
import { NODE_HEIGHT } from "./measures.ts";

const PAD = 11;
/** About the width of a character, in pixels, of each line. */
const TITLE_CHARACTER = 7.4;
const DETAIL_CHARACTER = 6.3;

/** What is drawn of one node: a box, its shape of state, two lines and a number. */
export function NodeBox({ node }: { readonly node: DiagramNode }): JSX.Element {
  const { x, y, width, title, detail, value, state, kind } = node;
  const markWidth = state === undefined ? 0 : 19;
  const left = x + PAD + markWidth;
  const room = width - 2 * PAD - markWidth;
  const titleRoom = room - (value === "" ? 0 : value.length * 8 + 10);
  const titleY = detail === "" ? y + NODE_HEIGHT / 2 + 5 : y + 18;
  return (
    <>
      <rect class="box" x={x} y={y} width={width} height={NODE_HEIGHT} rx={kind === "letters" ? NODE_HEIGHT / 2 : 7} />
      {state !== undefined && (
        <path
          class="shape"
          d={STATE_SHAPES[state]}
          fill-rule="evenodd"
          transform={`translate(${x + PAD} ${y + NODE_HEIGHT / 2 - 6})`}
        />
      )}
      <text class="title" x={left} y={titleY}>
        {shortened(title, titleRoom / TITLE_CHARACTER)}
      </text>
      {detail !== "" && (
        <text class="detail" x={left} y={y + 34}>
          {shortened(detail, room / DETAIL_CHARACTER)}
        </text>
      )}
      {value !== "" && (
        <text class="value" x={x + width - PAD} y={titleY} text-anchor="end">
          {value}
        </text>
      )}
    </>
  );
}

function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, Math.max(1, Math.floor(most) - 1)).join("")}…`;
}
