import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { basePath } from "../../base-path.ts";
import { follow } from "../../parts/link.tsx";
import { connectedTo } from "./connected.ts";
import type { Diagram, DiagramNode } from "./diagram.ts";
import { nextNode } from "./next-node.ts";
import { NodeBox } from "./node-box.tsx";

interface DiagramViewProps {
  readonly diagram: Diagram;
  readonly width: number;
  readonly onUnfold: (topic: string) => void;
}

/** The diagram. It is one stop of the Tab key; the arrow keys move inside it. */
export function DiagramView({ diagram, width, onUnfold }: DiagramViewProps): JSX.Element {
  const [current, setCurrent] = useState<string>();
  const [active, setActive] = useState<string>();
  const places = useRef(new Map<string, SVGAElement>());
  const { nodes, edges, height, columns } = diagram;
  const connected = useMemo(() => (active === undefined ? undefined : connectedTo(active, edges)), [active, edges]);
  const first = nodes.find(({ kind }) => kind === "topic")?.id;
  const stop = nodes.some(({ id }) => id === current) ? current : first;

  const move = (event: KeyboardEvent, node: DiagramNode): void => {
    if (node.opens !== undefined && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      unfold(node.opens);
      return;
    }
    const next = nextNode(diagram, node, event.key);
    if (next === undefined) return;
    event.preventDefault();
    places.current.get(next.id)?.focus();
  };
  const unfold = (topic: string): void => {
    onUnfold(topic);
    // The button is gone then: the topic keeps the focus in the diagram.
    places.current.get(`topic ${topic}`)?.focus();
  };

  return (
    <svg
      class="diagram"
      role="group"
      aria-label="Topology. The arrow keys move from node to node, Enter opens one."
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      onMouseLeave={() => setActive(undefined)}
    >
      {columns.map(({ title, x }) => (
        <text key={title} class="column-title" x={x} y={14}>
          {title}
        </text>
      ))}
      {edges.map(({ id, from, to, path, width: lineWidth, isTrouble }) => {
        const isOn = connected?.has(from) === true && connected.has(to);
        const classes = `edge${isTrouble ? " trouble" : ""}${isOn ? " on" : connected === undefined ? "" : " faded"}`;
        return <path key={id} class={classes} d={path} stroke-width={lineWidth} aria-hidden="true" />;
      })}
      {nodes.map((node) => (
        <a
          key={node.id}
          ref={(element) => {
            if (element === null) places.current.delete(node.id);
            else places.current.set(node.id, element as unknown as SVGAElement);
          }}
          {...(node.to === undefined ? { role: "button" as const } : { href: `${basePath}${node.to}` })}
          class={`node ${node.kind}${node.state === undefined ? "" : ` is-${node.state}`}${connected === undefined || connected.has(node.id) ? "" : " faded"}`}
          tabindex={node.id === stop ? 0 : -1}
          aria-label={node.label}
          onKeyDown={(event) => move(event, node)}
          onFocus={() => {
            setCurrent(node.id);
            setActive(node.id);
          }}
          onBlur={() => setActive(undefined)}
          onMouseEnter={() => setActive(node.id)}
          onClick={(event) => {
            if (node.to !== undefined) follow(event, node.to);
            else if (node.opens !== undefined) unfold(node.opens);
          }}
        >
          <title>{node.label}</title>
          <NodeBox node={node} />
        </a>
      ))}
    </svg>
  );
}
