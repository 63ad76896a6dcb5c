import type { JSX } from "preact";
import type { Unavailable } from "../../../src/api/session.ts";
import { Notice } from "./notice.tsx";

/** Says why there is no broker, and what helps. */
export function BrokerAway({ code, message, advice }: Unavailable): JSX.Element {
  return (
    <Notice kind="error">
      <strong>The broker cannot be used</strong> (<code>{code}</code>): {message}
      <br />
      {advice} This page connects by itself when it can.
    </Notice>
  );
}
