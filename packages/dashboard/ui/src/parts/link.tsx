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

/** A link to a screen: opens without loading the page again, and in a new tab as any link does. */
export function Link({ to, children, isCurrent = false, label, ...rest }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a
      href={`${basePath}${to}`}
      onClick={follow}
      aria-current={isCurrent ? "page" : undefined}
      aria-label={label}
      class={rest.class}
    >
      {children}
    </a>
  );
}
