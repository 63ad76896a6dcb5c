import type { FunctionComponent } from "preact";
import type { Session } from "../../../src/api/session.ts";

export interface ScreenProps {
  readonly session: Session;
  readonly query: URLSearchParams;
}

/** One screen, with its place in the menu. */
export interface Screen {
  /** `/letters` */
  readonly path: string;
  /** In the menu. */
  readonly title: string;
  /** Not in the menu: reached by links. */
  readonly hidden?: boolean;
  /** Fetched when it is opened for the first time. */
  readonly load: () => Promise<FunctionComponent<ScreenProps>>;
}
