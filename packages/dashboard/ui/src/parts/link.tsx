import type { ComponentChildren, JSX } from "preact";
import { basePath } from "../base-path.ts";
import { go } from "../location.ts";

interface LinkProps {
  /** The address of a screen, without the base. */
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string | undefined;
  readonly isCurrent?: boolean | undefined;
  readonly label?: string | undefined;
}

/** Shows the screen without loading the page again, unless the visitor wants a new tab or window. */
export function follow(event: MouseEvent, to: string): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(to);
}

/** A link to a screen: opens without loading the page again, and in a new tab as any link does. */
export function Link({ to, children, isCurrent = false, label, ...rest }: LinkProps): JSX.Element {
  return (
    <a
      href={`${basePath}${to}`}
      onClick={(event) => follow(event, to)}
      aria-current={isCurrent ? "page" : undefined}
      aria-label={label}
      class={rest.class}
    >
      {children}
    </a>
  );
}
