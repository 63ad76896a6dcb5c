import "./connections.css";
import type { JSX } from "preact";
import type { ConnectionDetail, Connections } from "../../../../src/api/connections.ts";
import { Link } from "../../parts/link.tsx";
import { Notice } from "../../parts/notice.tsx";
import { STATE_SHAPES } from "../../parts/state-mark.tsx";
import { Unknown } from "../../parts/unknown.tsx";
import { usePolled } from "../../use-polled.ts";
import { counted } from "../../parts/format.ts";
import { CapabilityTable } from "./capability-table.tsx";

const EVERY_MS = 5000;

const STATES: Readonly<
  Record<ConnectionDetail["state"], { readonly word: string; readonly like: keyof typeof STATE_SHAPES }>
> = {
  up: { word: "up", like: "good" },
  degraded: { word: "degraded", like: "warning" },
  reconnecting: { word: "reconnecting", like: "warning" },
  down: { word: "down", like: "problem" },
  "not-open": { word: "not open", like: "problem" },
};

export function ConnectionsView(): JSX.Element {
  const { value, error } = usePolled<Connections>("connections", { everyMs: EVERY_MS });
  return (
    <>
      <h1>Connections</h1>
      {error !== undefined && <Notice kind="error">{error.message}</Notice>}
      {value === undefined ? (
        error === undefined && <p class="quiet">Asking the brokers…</p>
      ) : (
        <>
          {value.connections.length === 0 && (
            <p>
              No connection is known while the broker is away, because the dashboard was not given the configuration:{" "}
              <code>{"dashboard({ config })"}</code>.
            </p>
          )}
          {value.closing && <Notice kind="warning">This process is closing.</Notice>}
          <div class="connection-list">
            {value.connections.map((connection) => (
              <ConnectionPanel key={connection.name} connection={connection} isOnly={value.connections.length === 1} />
            ))}
          </div>
          <CapabilityTable connections={value.connections} />
        </>
      )}
    </>
  );
}

function ConnectionPanel({
  connection,
  isOnly,
}: {
  readonly connection: ConnectionDetail;
  readonly isOnly: boolean;
}): JSX.Element {
  const { name, isDefault, url, options, state, error, adapter, server, blindSpot, topics, subscriptions } = connection;
  const { word, like } = STATES[state];
  return (
    <section class="panel" aria-label={`Connection ${name}`}>
      <h2>
        {name}
        {isDefault && !isOnly && <span class="quiet"> (default)</span>}{" "}
        <span class={`state is-${like}`}>
          <svg class="mark" viewBox="0 0 12 12" aria-hidden="true">
            <path d={STATE_SHAPES[like]} fill-rule="evenodd" />
          </svg>
          {word}
        </span>
      </h2>
      {error !== null && (
        <Notice kind="warning">
          {error.code}: {error.message}
        </Notice>
      )}
      <dl class="fact-list">
        <dt>Address</dt>
        <dd>{url === null ? <Unknown why="the dashboard was not given the configuration" /> : <code>{url}</code>}</dd>
        <dt>Adapter</dt>
        <dd>{adapter ?? <Unknown why="the connection is not open" />}</dd>
        <dt>Server</dt>
        <dd>{server ?? <Unknown why="the connection is not open" />}</dd>
        {options.length > 0 && (
          <>
            <dt>Options</dt>
            <dd>
              {options.join(", ")} <span class="quiet">(values are not shown: they may be secret)</span>
            </dd>
          </>
        )}
        <dt>Used by</dt>
        <dd>
          <Link to="/subscriptions">
            {counted(topics.length, "topic")}, {counted(subscriptions.length, "subscription")}
          </Link>
        </dd>
        {blindSpot !== null && (
          <>
            <dt>Not compared</dt>
            <dd>{blindSpot}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
