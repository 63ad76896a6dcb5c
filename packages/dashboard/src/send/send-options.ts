import { requireService } from "../events/required-service.ts";

/** How a process sends its events to a dashboard. */
export interface SendOptions {
  /** The name under which this process is shown; 1 to 63 characters. Processes of one service have the same. */
  readonly service: string;
  /** Where the dashboard is, with its base path. @default `ANYTOPIC_DASHBOARD`; without it, nothing is sent */
  readonly url?: string | undefined;
  /** What the dashboard demands of those that report to it. @default the part of the URL behind `#`, or `ANYTOPIC_DASHBOARD_TOKEN` */
  readonly token?: string | undefined;
}

export interface Destination {
  readonly service: string;
  /** `http://127.0.0.1:9401/api/ingest` */
  readonly url: URL;
  readonly token: string;
}

/** @throws TypeError when an option is not allowed */
export function destinationOf({ service, url, token, ...rest }: SendOptions): Destination | undefined {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw new TypeError(`sendToDashboard: unknown option "${unknown}"; known are service, url, token`);
  }
  requireService("sendToDashboard", service);
  if (url !== undefined) return { service, ...parsed("url", url, token) };
  const { ANYTOPIC_DASHBOARD = "" } = process.env;
  if (ANYTOPIC_DASHBOARD === "") return undefined;
  try {
    return { service, ...parsed("ANYTOPIC_DASHBOARD", ANYTOPIC_DASHBOARD, token) };
  } catch (error) {
    // A developer's tool must not keep a service from starting.
    process.emitWarning(`${(error as Error).message}. Nothing is sent to a dashboard.`, { code: "ANYTOPIC_DASHBOARD" });
    return undefined;
  }
}

/** The messages do not show the URL, which may have the token. */
function parsed(name: string, text: string, given: string | undefined): Pick<Destination, "url" | "token"> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
    throw new TypeError(`sendToDashboard: ${name} must be a URL such as http://127.0.0.1:9401/#token, without a login`);
  }
  const token = given ?? (url.hash === "" ? process.env["ANYTOPIC_DASHBOARD_TOKEN"] : url.hash.slice(1));
  if (token === undefined || !/^[!-~]{1,200}$/.test(token)) {
    throw new TypeError(
      `sendToDashboard: ${name} has no usable token: put it behind the URL as #token, or into ANYTOPIC_DASHBOARD_TOKEN; 1 to 200 printable ASCII characters`,
    );
  }
  return { url: new URL(`${url.origin}${url.pathname.replace(/\/$/, "")}/api/ingest`), token };
}
