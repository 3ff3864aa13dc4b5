// The page's script: follows the feed, fetches the parts that changed, and takes people from place to place.
import { morph, remember } from "./morph.js";
import { act, person, tell } from "./talk.js";
import { keepDrafts } from "./composer.js";
import { settleModal, showMoments } from "./surfaces.js";
import { markInspector, openInspector, startInspector } from "./inspector.js";
import { lit, pointOut, watches } from "./watch.js";

const TOGETHER = 40; // ms to gather changes: an app that opens an incident makes a dozen at once
const NEAR = 60; // pixels from the end that still count as being at the end
const OLDEST_SPOKEN = 240; // letters of a new message that a screen reader is given
const EVERYTHING = ["sidebar", "place", "thread", "modals"];

const part = (name) => document.getElementById(`part-${name}`);
const here = () => new URLSearchParams(location.search);
const place = () => document.getElementById("place");
const isNarrow = () => matchMedia("(max-width: 760px)").matches;

// Redrawing ---------------------------------------------------------------------------------------------------------

const wanted = new Set();
let timer = null;
let drawing = null;

/** Have some parts drawn again soon. */
export function redraw(...names) {
  for (const name of names) wanted.add(name);
  timer ??= setTimeout(run, TOGETHER);
}

async function run() {
  timer = null;
  if (drawing) return; // it looks again when it is done
  while (wanted.size) {
    const names = [...wanted];
    wanted.clear();
    drawing = draw(names);
    await drawing;
  }
  drawing = null;
}

async function draw(names, { arrived = false } = {}) {
  const query = here();
  const at = location.search;
  query.set("as", person());
  query.set("names", names.join());
  if (!document.hidden) query.set("visible", "1");
  const channel = place()?.dataset.channel;
  if (!arrived && !document.hidden && channel) query.set("since", place().dataset.since);
  let answer;
  try {
    const response = await fetch(`/page/parts?${query}`);
    if (!response.ok) return;
    answer = await response.json();
  } catch {
    return; // the feed notices, and asks again when the sandbox is back
  }
  if (location.search !== at) return redraw(...names); // went elsewhere in the meantime
  document.title = answer.title;
  apply(answer.parts, arrived);
}

function apply(parts, arrived) {
  const bringBack = keepDrafts();
  const scrolls = ends();
  const known = new Set([...document.querySelectorAll(".message")].map((message) => message.id));
  for (const [name, html] of Object.entries(parts)) morph(part(name), html);
  bringBack();
  showMoments(document.body);
  if ("modals" in parts) settleModal();
  markInspector();
  const fresh = arrived ? [] : [...document.querySelectorAll(".message")].filter((message) => !known.has(message.id));
  keepScroll(scrolls, fresh, arrived);
  speak(fresh);
}

// Scrolling: whoever is at the end stays there; whoever reads further up is left in peace ---------------------------------

function ends() {
  return new Map([...document.querySelectorAll("[data-scroll]")].map((box) => [box.id, box.scrollHeight - box.scrollTop - box.clientHeight < NEAR]));
}

const toEnd = (box) => { box.scrollTop = box.scrollHeight; };

/** Where somebody who arrives looks: at the end, or higher up at the first message that is new to them. */
function toUnread(box) {
  toEnd(box);
  const unseen = box.id === "messages" && !place()?.dataset.since; // never been here: all of it is new
  const line = box.querySelector(unseen ? ".message" : ".new-line");
  const above = line ? line.getBoundingClientRect().top - box.getBoundingClientRect().top : 0;
  if (above < 0) box.scrollTop += above;
}

function keepScroll(scrolls, fresh, arrived) {
  for (const box of document.querySelectorAll(".messages[data-scroll]")) {
    if (arrived) toUnread(box);
    else if (scrolls.get(box.id) !== false) toEnd(box);
    else if (box.id === "messages") showNewer(fresh.filter((message) => box.contains(message) && !("own" in message.dataset)));
  }
  for (const body of document.querySelectorAll(".modal-body[data-scroll]")) if (!scrolls.has(body.id)) body.scrollTop = 0;
}

/** Say that there is something below; and when it is an answer to what was just pressed further up, say that. */
function showNewer(fresh) {
  const newer = document.getElementById("newer");
  if (!newer || !fresh.length) return;
  const forMe = fresh.some((message) => "ephemeral" in message.dataset);
  if (newer.hidden || forMe) newer.querySelector("[data-owned]").textContent = forMe ? "An answer for you" : "New messages";
  newer.hidden = false;
}

document.addEventListener("scroll", (event) => {
  const box = event.target;
  if (box.id === "messages" && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR) document.getElementById("newer")?.setAttribute("hidden", "");
}, true);

function speak(fresh) {
  const announcer = document.getElementById("announcer");
  for (const message of fresh) {
    if ("own" in message.dataset || message.classList.contains("told")) continue;
    const line = document.createElement("p");
    const text = message.querySelector(".content")?.textContent.replace(/\s+/g, " ").trim() ?? "";
    line.textContent = `${message.dataset.by}: ${text.slice(0, OLDEST_SPOKEN)}`;
    announcer.append(line);
  }
  while (announcer.children.length > 20) announcer.firstChild.remove();
}

// Going places ------------------------------------------------------------------------------------------------------

/** Show another place of this person's; another person means another page. */
export async function go(href, { push = true } = {}) {
  const url = new URL(href, location.href);
  if ((url.searchParams.get("as") ?? person()) !== person()) {
    location.assign(url);
    return;
  }
  const threadBefore = here().get("thread");
  const cameFrom = document.activeElement;
  if (push && url.search !== location.search) history.pushState(null, "", url);
  closeDrawer();
  await draw(EVERYTHING, { arrived: true });
  arrive(threadBefore, cameFrom);
}

function arrive(threadBefore) {
  const query = here();
  if (query.get("app") === "home") act("opens_home");
  const at = query.get("at");
  if (at) {
    bringIntoView(at);
    query.delete("at");
    history.replaceState(null, "", `?${query}`);
    return;
  }
  if (isNarrow()) return; // a phone would bring up its keyboard
  const thread = query.get("thread");
  const composer = document.getElementById(thread ? "thread-composer-text" : "composer-text");
  if (!thread && threadBefore) document.querySelector(`.message[data-ts="${CSS.escape(threadBefore)}"]`)?.focus({ preventScroll: true });
  else composer?.focus({ preventScroll: true });
}

function bringIntoView(ts) {
  const scope = here().get("thread") && document.getElementById(`t-${ts}`) ? "t" : "m";
  const message = document.getElementById(`${scope}-${ts}`);
  if (!message) return tell("That message is further up, or gone.");
  message.scrollIntoView({ block: "center" });
  message.classList.add("is-found");
  message.focus({ preventScroll: true });
  setTimeout(() => message.classList.remove("is-found"), 2600);
}

document.addEventListener("click", async (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[data-go]");
  if (link) {
    event.preventDefault();
    link.closest("[popover]")?.hidePopover();
    const chat = new URL(link.href).searchParams.get("chat");
    if (!chat) return go(link.href);
    const answer = await act("opens_chat", { with: chat });
    if (answer) go(`?as=${person()}&channel=${answer.channel}`);
    return;
  }
  const target = event.target.closest?.("[data-join], [data-leave], [data-earlier], [data-newest], [data-drawer]");
  if (!target) return;
  const { channel } = place().dataset;
  if ("join" in target.dataset) act("joins", { channel });
  else if ("leave" in target.dataset) act("leaves", { channel }).then(() => target.closest("[popover]")?.hidePopover());
  else if ("earlier" in target.dataset) earlier(target.dataset.earlier);
  else if ("newest" in target.dataset) toEnd(document.getElementById("messages"));
  else toggleDrawer();
});

async function earlier(count) {
  const box = document.getElementById("messages");
  const fromEnd = box.scrollHeight - box.scrollTop;
  const query = here();
  query.set("shown", count);
  history.replaceState(null, "", `?${query}`);
  await draw(["place"]);
  box.scrollTop = box.scrollHeight - fromEnd;
}

document.addEventListener("sent", () => {
  if (place()) place().dataset.since = "";
  toEnd(document.getElementById("messages"));
});

addEventListener("popstate", () => go(location.href, { push: false }));

/** Go where somebody acts, if this window watches. */
async function watch() {
  const href = await lit();
  if (href && new URL(href).searchParams.get("as") !== person()) return location.replace(href);
  if (href) {
    history.replaceState(null, "", href);
    await go(href, { push: false });
  }
  pointOut();
}

// The list of conversations on a phone ------------------------------------------------------------------------------------

function toggleDrawer() {
  const open = document.getElementById("shell").classList.toggle("drawer-open");
  for (const button of document.querySelectorAll(".place-head [data-drawer]")) button.setAttribute("aria-expanded", String(open));
  (open ? document.getElementById("acting") : document.querySelector(".place-head [data-drawer]"))?.focus();
}

function closeDrawer() {
  if (document.getElementById("shell").classList.contains("drawer-open")) toggleDrawer();
}

document.getElementById("shell").addEventListener("click", (event) => {
  if (event.target.id === "shell") closeDrawer(); // the dark ground beside the drawer
});

// The keyboard ------------------------------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return escape(event);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches?.(".side-link, .message, #messages, #thread-messages, .side-more summary")) return;
  const side = event.target.closest(".sidebar");
  const all = side ? side.querySelectorAll(".side-link, .side-more summary") : event.target.closest(".messages").querySelectorAll(".message");
  const list = [...all].filter((item) => item.offsetParent !== null);
  const now = list.indexOf(event.target);
  const next = now < 0 ? list.at(-1) : list[now + step];
  event.preventDefault();
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
});

function escape(event) {
  if (event.defaultPrevented || document.querySelector("dialog[open], .menu:popover-open")) return;
  const shell = document.getElementById("shell");
  if (shell.classList.contains("drawer-open")) closeDrawer();
  else if (event.target.closest?.(".thread")) document.getElementById("thread-close")?.click();
  else if (event.target.closest?.(".inspector")) openInspector(false);
  else if (event.target.closest?.(".message, .messages")) document.getElementById("composer-text")?.focus();
}

// The feed ----------------------------------------------------------------------------------------------------------

const PARTS_OF = {
  message: ["sidebar", "place", "thread"],
  channel: ["sidebar", "place", "thread"],
  view: ["modals", "place"],
  home: ["place"],
  read: ["sidebar"],
  connections: ["sidebar"],
  log: ["inspector"],
  delivery: [],
  spotlight: [],
  closed: [],
};

function concerns({ kind, user, channel }) {
  if (user && kind !== "channel" && user !== document.body.dataset.personId) return [];
  const parts = PARTS_OF[kind] ?? EVERYTHING;
  if (kind === "message" && channel !== place()?.dataset.channel) return ["sidebar"];
  if (kind === "view" && here().get("app") !== "home") return ["modals"];
  if (kind === "log" && document.getElementById("inspector").hidden) return [];
  return parts;
}

function follow() {
  const feed = new EventSource("/sandbox/feed");
  const offline = document.getElementById("offline");
  feed.addEventListener("message", (event) => {
    const change = JSON.parse(event.data);
    if (change.kind === "spotlight") watch();
    const parts = concerns(change);
    if (parts.length) redraw(...parts);
  });
  feed.addEventListener("error", () => { offline.hidden = false; });
  feed.addEventListener("open", () => {
    offline.hidden = true;
    redraw(...EVERYTHING, "inspector"); // what happened before the feed was there, nobody told us
  });
  addEventListener("pagehide", () => feed.close());
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) redraw("sidebar", "place");
});

remember(document.body);
follow();
showMoments(document.body);
startInspector(() => redraw("inspector"));
for (const box of document.querySelectorAll(".messages[data-scroll]")) toUnread(box);
settleModal();
if (watches()) watch();
else arrive(null);
