import type { JSX } from "preact";
import type { Session } from "../../src/api/session.ts";
import { usePlace } from "./location.ts";
import { BrokerAway } from "./parts/broker-away.tsx";
import { LogInForm } from "./parts/log-in-form.tsx";
import { Link } from "./parts/link.tsx";
import { Notice } from "./parts/notice.tsx";
import { home, SCREENS } from "./screens/index.ts";
import type { RequestError } from "./api.ts";
import { useView } from "./use-view.ts";
import { usePolled } from "./use-polled.ts";

const SESSION_EVERY_MS = 5000;

/** The frame of all screens: menu, state of the broker, and the screen itself. */
export function App({ logInProblem }: { readonly logInProblem: string | undefined }): JSX.Element {
  const { path, query } = usePlace();
  const { value: session, error, refresh } = usePolled<Session>("session", { everyMs: SESSION_EVERY_MS });
  const screen = SCREENS.find((one) => one.path === path) ?? home;
  const { View, isMissing } = useView(screen);
  if (error?.code === "LOGIN_NEEDED") return <LogInForm problem={logInProblem} onDone={refresh} />;
  return (
    <div class="frame">
      <header class="bar">
        <strong>anytopic</strong>
        <nav aria-label="Screens">
          {SCREENS.filter(({ hidden }) => hidden !== true).map(({ path: to, title }) => (
            <Link key={to} to={to} isCurrent={screen.path === to}>
              {title}
            </Link>
          ))}
        </nav>
        <span class="server">{session?.server ?? ""}</span>
      </header>
      {error !== undefined && <Notice kind="error">{problemOf(error)}</Notice>}
      {session?.unavailable && <BrokerAway {...session.unavailable} />}
      {isMissing && <Notice kind="error">This screen could not be loaded. Load the page again.</Notice>}
      <main>{session !== undefined && View !== undefined && <View session={session} query={query} />}</main>
    </div>
  );
}

function problemOf({ status, message }: RequestError): string {
  if (status === 401) return `${message}. Load this page again to sign in.`;
  return status === 0 ? `${message}. Start it again; this page connects by itself.` : message;
}
