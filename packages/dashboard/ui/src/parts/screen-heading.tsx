import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** The heading of a screen that a link has opened: it takes the focus, so that keyboards and screen readers go on from here. */
export function ScreenHeading({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const place = useRef<HTMLHeadingElement>(null);
  useEffect(() => place.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={place} tabIndex={-1} class="screen-heading">
      {children}
    </h1>
  );
}
