// Menus and pickers: where they open, how the keyboard walks them, and what is announced while it does.
import { act, surfaceOf } from "./talk.js";

const EDGE = 8; // pixels kept free at the window's edge
const PAUSE = 220; // ms without typing before an external menu is asked

let anchor = null; // what opened the menu that has no button of its own

/** Open a menu that several buttons share. */
export function openAt(menu, button) {
  anchor = button;
  menu.showPopover();
  opened(menu);
}

const buttonOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) ?? anchor;

function place(menu, button) {
  const from = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = innerHeight - from.bottom - EDGE;
  const up = below < height && from.top > below;
  const top = up ? Math.max(EDGE, from.top - height - 4) : Math.min(from.bottom + 4, innerHeight - height - EDGE);
  const left = Math.min(Math.max(EDGE, from.left), innerWidth - width - EDGE);
  menu.style.top = `${Math.max(EDGE, top)}px`;
  menu.style.left = `${Math.max(EDGE, left)}px`;
}

const isMenu = (element) => element?.matches?.(".menu[popover]");

/** A menu has just opened: put it in its place and the focus into it. */
function opened(menu) {
  if (menu.dataset.state === "open") return;
  menu.dataset.state = "open";
  const button = buttonOf(menu);
  button?.setAttribute("aria-expanded", "true");
  button?.closest(".tools")?.classList.add("is-held");
  if (button) place(menu, button);
  if (menu.matches(".picker-menu")) openPicker(menu);
  else (menu.querySelector('[aria-current="true"]') ?? menu.querySelector("a, button"))?.focus();
}

function closed(menu) {
  delete menu.dataset.state;
  const button = buttonOf(menu);
  button?.setAttribute("aria-expanded", "false");
  button?.closest(".tools")?.classList.remove("is-held");
  if (menu.matches(".picker-menu")) commit(menu.closest(".picker"));
}

document.addEventListener("toggle", (event) => {
  if (isMenu(event.target)) (event.newState === "open" ? opened : closed)(event.target);
}, true);

// The browser tells of an opened menu a moment later, and who goes on typing at once would type into the button. So
// menus are opened here; closing them is the browser's.
document.addEventListener("click", (event) => {
  const menu = document.getElementById(event.target.closest?.("[popovertarget]")?.getAttribute("popovertarget"));
  if (!isMenu(menu) || menu.matches(":popover-open")) return;
  event.preventDefault();
  menu.showPopover();
  opened(menu);
});

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.('.menu[role="menu"]');
  if (!menu) return;
  const items = [...menu.querySelectorAll('[role="menuitem"]')].filter((item) => item.offsetParent !== null);
  const now = items.indexOf(document.activeElement);
  const across = menu.id === "react-menu" ? 5 : 1; // the reactions stand in a grid of five
  const step = { ArrowDown: across, ArrowUp: -across, ArrowRight: across > 1 ? 1 : 0, ArrowLeft: across > 1 ? -1 : 0 }[event.key];
  let next = null;
  if (step) next = items[(now + step + items.length) % items.length];
  else if (event.key === "Home") next = items[0];
  else if (event.key === "End") next = items.at(-1);
  else if (event.key === "Tab") menu.hidePopover();
  else if (event.key.length === 1 && /\S/.test(event.key)) {
    const letter = event.key.toLowerCase();
    next = [...items.slice(now + 1), ...items.slice(0, now + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(letter));
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
});

document.addEventListener("click", (event) => {
  const item = event.target.closest?.('.menu[role="menu"] [role="menuitem"]');
  if (item) item.closest(".menu").hidePopover();
});

// Pickers: a button, and a menu with a field to filter or search ------------------------------------------------

const optionsOf = (picker) => [...picker.querySelectorAll('[role="option"]')];
const shownOptions = (picker) => optionsOf(picker).filter((option) => !option.hidden);

/** What a picker holds: a value, or a list of them when it takes several. */
export function chosen(picker) {
  const values = optionsOf(picker).filter((o) => o.getAttribute("aria-selected") === "true").map((o) => o.dataset.value);
  return "multiple" in picker.dataset ? values : values[0] ?? null;
}

function openPicker(menu) {
  const picker = menu.closest(".picker");
  picker.dataset.before = JSON.stringify(chosen(picker));
  const search = menu.querySelector(".picker-search");
  search.value = "";
  search.focus();
  filter(picker, "");
  if ("external" in picker.dataset) ask(picker, "");
}

function filter(picker, typed) {
  const wanted = typed.trim().toLowerCase();
  if (!("external" in picker.dataset)) {
    for (const option of optionsOf(picker)) option.hidden = !option.textContent.toLowerCase().includes(wanted);
    for (const group of picker.querySelectorAll('[role="group"]')) group.hidden = !group.querySelector('[role="option"]:not([hidden])');
  }
  const shown = shownOptions(picker);
  note(picker, shown.length || "external" in picker.dataset ? "" : "Nothing of that name.");
  point(picker, shown.find((option) => option.getAttribute("aria-selected") === "true") ?? shown[0]);
}

function note(picker, text) {
  const line = picker.querySelector("[data-note]");
  line.textContent = text;
  line.hidden = !text;
}

function point(picker, option) {
  for (const other of picker.querySelectorAll(".option.is-active")) other.classList.remove("is-active");
  const search = picker.querySelector(".picker-search");
  if (!option) return search.removeAttribute("aria-activedescendant");
  option.classList.add("is-active");
  option.scrollIntoView({ block: "nearest" });
  search.setAttribute("aria-activedescendant", option.id);
}

function choose(picker, option) {
  const multiple = "multiple" in picker.dataset;
  const on = option.getAttribute("aria-selected") !== "true";
  const most = Number(picker.dataset.most ?? 0);
  if (multiple && on && most && chosen(picker).length >= most) return note(picker, `At most ${most}.`);
  if (!multiple) for (const other of optionsOf(picker)) other.setAttribute("aria-selected", "false");
  option.setAttribute("aria-selected", String(multiple ? on : true));
  label(picker);
  if (!multiple) picker.querySelector(".picker-menu").hidePopover();
}

function label(picker) {
  const names = optionsOf(picker).filter((o) => o.getAttribute("aria-selected") === "true").map((o) => o.dataset.label);
  const shown = picker.querySelector(".picker-value");
  shown.textContent = names.join(", ") || shown.dataset.placeholder;
  shown.classList.toggle("is-empty", !names.length);
}

/** Put back what was chosen before, when a confirmation was declined. */
export function restore(picker, before) {
  const values = new Set([before].flat());
  for (const option of optionsOf(picker)) option.setAttribute("aria-selected", String(values.has(option.dataset.value)));
  label(picker);
}

function commit(picker) {
  const before = picker.dataset.before;
  if (before === undefined || before === JSON.stringify(chosen(picker))) return;
  delete picker.dataset.before;
  picker.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: { before: JSON.parse(before) } }));
}

const waiting = new WeakMap(); // picker -> the timer of its next question

async function ask(picker, query) {
  clearTimeout(waiting.get(picker));
  const least = Number(picker.dataset.least);
  if (query.length < least) return note(picker, least === 1 ? "Type to search." : `Type at least ${least} letters.`);
  note(picker, "Searching…");
  const { block, action } = picker.dataset;
  const answer = await act("options", { surface: surfaceOf(picker), block_id: block, action_id: action, query });
  if (picker.querySelector(".picker-search").value !== query) return; // answered too late to matter
  fill(picker, answer);
  note(picker, shownOptions(picker).length ? "" : "Nothing found.");
  point(picker, shownOptions(picker)[0]);
}

function fill(picker, answer) {
  const list = picker.querySelector(".picker-list");
  const kept = optionsOf(picker).filter((option) => option.getAttribute("aria-selected") === "true");
  const held = new Set(kept.map((option) => option.dataset.value));
  const groups = answer?.option_groups ?? [{ options: answer?.options ?? [] }];
  list.replaceChildren(...kept);
  for (const option of groups.flatMap((group) => group.options ?? [])) {
    if (held.has(option.value)) continue;
    const item = document.createElement("div");
    item.className = "menu-item option";
    item.id = `${list.id}-${list.children.length}-${Date.now()}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.value = option.value;
    item.dataset.label = option.text?.text ?? option.value;
    item.textContent = item.dataset.label;
    if (option.description?.text) item.append(Object.assign(document.createElement("small"), { textContent: option.description.text }));
    list.append(item);
  }
}

document.addEventListener("input", (event) => {
  if (!event.target.matches(".picker-search")) return;
  const picker = event.target.closest(".picker");
  filter(picker, event.target.value);
  if (!("external" in picker.dataset)) return;
  clearTimeout(waiting.get(picker));
  waiting.set(picker, setTimeout(() => ask(picker, event.target.value), PAUSE));
});

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(".picker-search")) return;
  const picker = event.target.closest(".picker");
  const shown = shownOptions(picker);
  const now = shown.findIndex((option) => option.classList.contains("is-active"));
  if (event.key === "ArrowDown") point(picker, shown[(now + 1) % shown.length]);
  else if (event.key === "ArrowUp") point(picker, shown[(now - 1 + shown.length) % shown.length]);
  else if (event.key === "Enter" && shown[now]) choose(picker, shown[now]);
  else if (event.key === "Tab") return picker.querySelector(".picker-menu").hidePopover();
  else if (event.key !== "Enter") return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const option = event.target.closest?.(".picker [role=option]");
  if (option) choose(option.closest(".picker"), option);
});
