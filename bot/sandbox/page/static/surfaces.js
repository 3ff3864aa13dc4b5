// Messages, modals and the Home tab: pressing, choosing, typing, uploading; and the modal dialog itself.
import { act, ask, base64, surfaceOf, tell } from "./talk.js";
import { chosen, openAt, restore } from "./menus.js";
import { edit } from "./composer.js";

const QUIET = 350; // ms without typing before an input that dispatches on every letter is sent

/** What an element holds, as the control API takes it. */
function held(el) {
  const field = el.querySelector("input, textarea");
  switch (el.dataset.el) {
    case "select": return chosen(el);
    case "boxes": {
      const ticked = [...el.querySelectorAll("input:checked")].map((box) => box.value);
      return el.dataset.type === "checkboxes" ? ticked : ticked[0] ?? null;
    }
    case "when": return el.dataset.type === "datetimepicker" ? epoch(field.value, field.dataset.zone) : field.value || null;
    case "files": return [...el.querySelectorAll("[data-file]")].map((item) => item.dataset.file);
    default: return field?.value || null;
  }
}

const named = (el) => ({ surface: surfaceOf(el), block_id: el.dataset.block, action_id: el.dataset.action });

// Dates and times in a person's own zone: the browser may live in another ----------------------------------------

function partsIn(zone, seconds) {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  return format.format(new Date(seconds * 1000)).replace(" ", "T");
}

function epoch(local, zone) {
  if (!local) return null;
  const asUtc = (text) => Date.parse(`${text}:00Z`) / 1000;
  let guess = asUtc(local);
  for (let round = 0; round < 2; round += 1) guess += asUtc(local) - asUtc(partsIn(zone, guess)); // twice: around a change of clocks
  return guess;
}

/** Show moments that the server gave as numbers. */
export function showMoments(root) {
  for (const field of root.querySelectorAll("input[data-epoch]")) {
    if (!field.dataset.epoch || field.dataset.shown === field.dataset.epoch) continue;
    field.dataset.shown = field.dataset.epoch;
    field.value = partsIn(field.dataset.zone, Number(field.dataset.epoch));
  }
}

// Acting ----------------------------------------------------------------------------------------------------------

async function busy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return undefined; // pressed twice: once is meant
  control.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    control.removeAttribute("aria-busy");
  }
}

async function agreed(el) {
  const dialog = el.querySelector("[data-confirm]");
  return !dialog || ask(dialog);
}

/** What was typed into a view and not yet sent, so that the app's answer finds it there. */
async function flush(surface) {
  const typed = [...surface.querySelectorAll(".b-input > .el[data-changed]")];
  await Promise.all(typed.map((el) => enter(el, { quietly: true })));
}

async function enter(el, { quietly = false } = {}) {
  el.dataset.touched = ""; // submitting sends it once more: this request may still be on its way then
  delete el.dataset.changed;
  return act("enters", { ...named(el), value: held(el), quietly });
}

async function press(el, control, value) {
  if (!(await agreed(el))) return;
  await busy(control, async () => {
    await flush(control.closest("[data-surface]"));
    await act("acts", value === undefined ? named(el) : { ...named(el), value });
  });
}

/** An element outside an input block tells the app at once; one inside, only when it was asked to. */
async function changed(el, undo) {
  if (el.closest(".b-input")) return enter(el);
  if (!(await agreed(el))) return undo();
  return act("acts", { ...named(el), value: held(el) });
}

document.addEventListener("click", (event) => {
  const control = event.target.closest?.("[data-press], [data-choose]");
  if (!control) return;
  const el = control.closest(".el");
  if (control.matches("[data-choose]")) {
    press(el, el.querySelector("[popovertarget]"), control.dataset.value);
  } else {
    press(el, control, control.dataset.value);
  }
});

document.addEventListener("chosen", (event) => {
  changed(event.target, () => restore(event.target, event.detail.before));
});

document.addEventListener("change", async (event) => {
  const el = event.target.closest?.("[data-surface] .el");
  if (!el) return;
  if (el.dataset.el === "boxes") {
    const before = [...el.querySelectorAll("input")].map((box) => (box === event.target ? !box.checked : box.checked));
    changed(el, () => el.querySelectorAll("input").forEach((box, number) => { box.checked = before[number]; }));
  } else if (el.dataset.el === "when") {
    const field = event.target;
    changed(el, () => { field.value = field.defaultValue; });
  } else if (el.dataset.el === "files") {
    upload(el, event.target);
  } else if (el.dataset.el === "text" && !("dispatch" in el.dataset)) {
    enter(el);
  }
});

document.addEventListener("input", (event) => {
  const el = event.target.closest?.('.b-input > .el[data-el="text"]');
  if (!el) return;
  el.dataset.changed = el.dataset.touched = "";
  if (!el.dataset.dispatch?.includes("on_character_entered")) return;
  clearTimeout(Number(el.dataset.timer));
  el.dataset.timer = setTimeout(() => enter(el), QUIET);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("input.input")) return;
  const el = event.target.closest('.el[data-dispatch~="on_enter_pressed"]');
  if (!el) return;
  event.preventDefault();
  enter(el);
});

async function upload(el, field) {
  const files = [...field.files];
  const ids = held(el);
  await busy(field, async () => {
    for (const file of files.slice(0, Number(el.dataset.most) - ids.length)) {
      const answer = await act("uploads", { name: file.name, content: await base64(file) });
      if (answer) ids.push(answer.file.id);
    }
    field.value = "";
    await act("enters", { ...named(el), value: ids });
  });
}

document.addEventListener("click", (event) => {
  const item = event.target.closest?.(".el [data-remove]")?.closest("[data-file]");
  if (!item) return;
  const el = item.closest(".el");
  act("enters", { ...named(el), value: held(el).filter((id) => id !== item.dataset.file) });
  el.querySelector("input").focus();
});

// The modal -------------------------------------------------------------------------------------------------------

let opener = null;

/** After a redraw: open the dialog, put the focus where it belongs, and give it back when all is closed. */
export function settleModal() {
  const dialog = document.querySelector("dialog[data-modal]");
  if (!dialog) {
    if (opener?.isConnected) opener.focus();
    else if (opener) document.getElementById("composer-text")?.focus();
    opener = null;
    return;
  }
  const form = dialog.querySelector("form");
  const isNew = dialog.dataset.shown !== form.id;
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  showMoments(dialog);
  dialog.dataset.shown = form.id;
  const wrong = form.querySelector(".is-wrong :is(input, textarea, button)");
  const signature = [...form.querySelectorAll(".b-input > .error")].map((line) => line.textContent).join();
  if (wrong && dialog.dataset.errors !== signature) wrong.focus();
  else if (isNew || !dialog.contains(document.activeElement)) focusFirst(form);
  dialog.dataset.errors = signature;
}

function focusFirst(form) {
  const first = form.querySelector("[data-autofocus]") ?? form.querySelector(".b-input :is(input, textarea, button)") ?? form.querySelector(".modal-body");
  first.focus({ preventScroll: first.matches(".modal-body") });
}

document.addEventListener("cancel", (event) => {
  if (!event.target.matches?.("dialog[data-modal]")) return;
  event.preventDefault(); // the sandbox closes it, so that the app may hear of it
  act("closes", { view_id: event.target.querySelector("form").dataset.view });
}, true);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-close-view], [data-close-all]");
  if (!button) return;
  const form = button.closest("form");
  const all = button.matches("[data-close-all]");
  busy(button, async () => {
    if (!all) await flush(form);
    await act("closes", { view_id: form.dataset.view, all });
  });
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-view]")) return;
  event.preventDefault();
  const button = form.querySelector("[data-submit]");
  if (!button || button.disabled) return;
  const values = {};
  for (const el of form.querySelectorAll(".b-input > .el[data-touched]")) {
    (values[el.dataset.block] ??= {})[el.dataset.action] = held(el);
    delete el.dataset.changed;
  }
  busy(button, () => act("submits", { view_id: form.dataset.view, values }, { quiet: true }));
});

// What stands on a message --------------------------------------------------------------------------------------------

const messageOf = (element) => element.closest(".message");
const asMessage = (element) => ({ message: { channel: element.dataset.channel, ts: element.dataset.ts } });
let meant = null; // the message whose menu is open

document.addEventListener("click", (event) => {
  const reaction = event.target.closest?.("[data-react]");
  if (reaction) {
    const on = reaction.getAttribute("aria-pressed") === "true";
    act(on ? "unreacts" : "reacts", { ...asMessage(messageOf(reaction)), name: reaction.dataset.react });
  }
  const dismiss = event.target.closest?.("[data-dismiss]");
  if (dismiss) act("deletes", asMessage(messageOf(dismiss)));
  const tool = event.target.closest?.("[data-tool]");
  if (tool) openTool(tool.dataset.tool, tool);
});

function openTool(name, button) {
  meant = messageOf(button);
  const menu = document.getElementById(name === "react" ? "react-menu" : "message-menu");
  const kinds = { standing: true, own: "own" in meant.dataset, pinned: "pinned" in meant.dataset, unpinned: !("pinned" in meant.dataset) };
  for (const item of menu.querySelectorAll("[data-for]")) item.hidden = !kinds[item.dataset.for];
  openAt(menu, button);
}

document.getElementById("react-menu").addEventListener("click", (event) => {
  const choice = event.target.closest("[data-emoji]");
  const mine = choice && meant.querySelector(`[data-react="${choice.dataset.emoji}"][aria-pressed="true"]`);
  if (choice && !mine) act("reacts", { ...asMessage(meant), name: choice.dataset.emoji });
});

document.getElementById("message-menu").addEventListener("click", (event) => {
  const item = event.target.closest("[data-do]");
  if (!item || !meant) return;
  const message = meant;
  const body = asMessage(message);
  switch (item.dataset.do) {
    case "shortcut": return act("uses_shortcut", { ...body, callback_id: item.dataset.callback });
    case "pin": return act("pins", body);
    case "unpin": return act("unpins", body);
    case "edit": return edit(message);
    case "thread": return message.querySelector('.tools a[href*="thread="]')?.click();
    case "react": return openTool("react", message.querySelector('[data-tool="react"]').offsetParent ? message.querySelector('[data-tool="react"]') : message.querySelector('[data-tool="more"]'));
    case "link": return copyLink(message);
    case "delete": return ask(document.getElementById("delete-dialog")).then((yes) => yes && act("deletes", body));
  }
});

async function copyLink({ dataset }) {
  const link = `${location.origin}/archives/${dataset.channel}/p${dataset.ts.replace(".", "")}`;
  try {
    await navigator.clipboard.writeText(link);
    tell("The link is copied.");
  } catch {
    tell(link); // a browser without a clipboard: it can still be read
  }
}
