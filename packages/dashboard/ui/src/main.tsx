import "./app.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { hasTokenInAddress, logInByAddress } from "./log-in.ts";

const place = document.querySelector("#app");
const problem = await logInByAddress();
if (place !== null) render(<App logInProblem={problem} />, place);
// The address that the command printed, pasted into a tab that shows the page already.
window.addEventListener("hashchange", () => {
  if (hasTokenInAddress()) window.location.reload();
});
