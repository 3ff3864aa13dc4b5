// Watching a story: with `watch=1` in the address the window goes where somebody acts, and shows what they are about to do.
import { person } from "./talk.js";

const caption = document.getElementById("caption");
let aim = null; // what was lit last

/** Whether this window follows; who goes somewhere by themselves stays there. */
export const watches = () => new URLSearchParams(location.search).has("watch");

/** Where to go now, as an address; null when this window is there. Shows the words. */
export async function lit() {
  if (!watches()) {
    if (caption.matches(":popover-open")) caption.hidePopover();
    return null;
  }
  let light;
  try {
    light = await (await fetch("/page/spotlight")).json();
  } catch {
    return null; // the feed notices
  }
  show(light.caption);
  aim = light;
  const url = new URL(light.href, location.href);
  if (url.searchParams.get("as") === person() && url.search === location.search) return null;
  return url.href;
}

/** Bring what is pressed next into view, and mark it. */
export function pointOut() {
  document.querySelector(".is-next")?.classList.remove("is-next");
  if (!aim?.action) return;
  const all = document.querySelectorAll(`[data-block="${CSS.escape(aim.block)}"][data-action="${CSS.escape(aim.action)}"]`);
  const next = all[all.length - 1];
  next?.classList.add("is-next");
  next?.scrollIntoView({ block: "center" });
}

/** Above whatever is open: what was shown last in the top layer covers the rest. */
function show(words) {
  if (caption.matches(":popover-open")) caption.hidePopover();
  if (caption.textContent !== words) caption.textContent = words;
  if (words) caption.showPopover();
  document.body.style.setProperty("--caption", `${caption.offsetHeight}px`);
}
