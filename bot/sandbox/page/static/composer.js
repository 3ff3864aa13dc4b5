// The message box: sending, completion of commands and names, drafts, attached files, editing an own message.
import { act, base64, tell } from "./talk.js";

const drafts = new Map(); // where -> the text that waits there
const attached = new WeakMap(); // composer -> files to send with the next message
let editing = null; // { composer, channel, ts, before }

const textOf = (composer) => composer.querySelector("textarea");
const where = (composer) => `${composer.dataset.channel} ${composer.dataset.thread ?? ""}`;

/** Before a redraw: keep what is typed. After it: bring back what was typed in the place shown now. */
export function keepDrafts() {
  const before = new Map([...document.querySelectorAll("[data-composer]")].map((composer) => [composer.id, where(composer)]));
  for (const composer of document.querySelectorAll("[data-composer]")) {
    if (editing?.composer.id !== composer.id) drafts.set(where(composer), textOf(composer).value);
  }
  return () => {
    for (const composer of document.querySelectorAll("[data-composer]")) {
      if (before.get(composer.id) === where(composer)) continue;
      if (editing?.composer.id === composer.id) stopEditing({ restore: false });
      set(composer, drafts.get(where(composer)) ?? "");
    }
  };
}

function set(composer, text) {
  const field = textOf(composer);
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  grow(field);
  suggest(composer);
}

function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

// Sending -----------------------------------------------------------------------------------------------------------

async function send(composer) {
  const field = textOf(composer);
  const text = field.value;
  const files = attached.get(composer) ?? [];
  const { channel, thread } = composer.dataset;
  if (!text.trim() && !files.length) return;
  if (editing?.composer === composer) {
    const { ts } = editing;
    stopEditing({ restore: true });
    await act("edits", { message: { channel, ts }, text });
    return;
  }
  set(composer, "");
  showFiles(composer, []);
  composer.dispatchEvent(new CustomEvent("sent", { bubbles: true }));
  const sent = files.length ? await sendFiles(files, text, channel, thread) : await act("types", { channel, text, thread_ts: thread }, { quiet: true });
  if (sent) return;
  if (!field.value) set(composer, text); // refused: nobody should have to type it again
  if (!files.length) tell("This was not sent. Check the message, or whether you are still in this channel.");
}

async function sendFiles(files, text, channel, thread) {
  for (const [number, file] of files.entries()) {
    const content = await base64(file);
    const body = { name: file.name, content, channel, thread_ts: thread, text: number ? "" : text };
    if (!(await act("uploads", body))) return false;
  }
  return true;
}

function showFiles(composer, files) {
  attached.set(composer, files);
  composer.querySelector("[data-pending]").replaceChildren(...files.map((file) => {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = file.name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "link-button";
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove ${file.name}`);
    remove.addEventListener("click", () => showFiles(composer, attached.get(composer).filter((other) => other !== file)));
    item.append(name, remove);
    return item;
  }));
}

// Editing -----------------------------------------------------------------------------------------------------------

/** Put an own message into the box below it, to be sent again. */
export function edit(message) {
  const composer = message.closest(".place, .thread").querySelector("[data-composer]");
  if (!composer) return;
  const { channel, ts, source } = message.dataset;
  editing = { composer, channel, ts, before: textOf(composer).value };
  composer.querySelector("[data-editing]").hidden = false;
  set(composer, source);
  textOf(composer).focus();
}

function stopEditing({ restore }) {
  const { composer, before } = editing;
  editing = null;
  composer.querySelector("[data-editing]").hidden = true;
  if (restore) set(composer, before);
}

// Completion --------------------------------------------------------------------------------------------------------

/** The word at the caret that can be completed: a command at the very start, or a name after @. */
function wordAt(field) {
  const head = field.value.slice(0, field.selectionStart);
  const match = /^\/\S*$/.exec(head) ?? /(?<=^|\s)@[\w.-]*$/.exec(head);
  return match ? { start: head.length - match[0].length, end: head.length, text: match[0] } : null;
}

function suggest(composer) {
  const field = textOf(composer);
  const word = wordAt(field);
  const options = [...composer.querySelectorAll('[data-completion] [role="option"]')];
  for (const option of options) {
    const names = `${option.dataset.insert} ${option.textContent}`.toLowerCase();
    const wanted = word?.text.toLowerCase() ?? "";
    const fits = word && option.dataset.kind === word.text[0] && (option.dataset.kind === "/" ? option.dataset.insert.startsWith(wanted) : names.includes(wanted.slice(1)));
    option.hidden = !fits;
  }
  const shown = options.filter((option) => !option.hidden);
  open(composer, shown.length > 0);
  point(composer, shown[0]);
  hint(composer, options);
}

/** How the command that stands in the box is used. */
function hint(composer, options) {
  const typed = /^(\/\S+)\s/.exec(textOf(composer).value);
  const command = typed && options.find((option) => option.dataset.insert === typed[1]);
  const line = composer.querySelector("[data-usage]");
  line.hidden = !command;
  if (command) line.replaceChildren(Object.assign(document.createElement("strong"), { textContent: typed[1] }), ` ${command.querySelector(".usage").textContent}`);
}

function open(composer, on) {
  const field = textOf(composer);
  composer.querySelector("[data-completion]").hidden = !on;
  if (on) {
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-expanded", "true");
  } else {
    field.removeAttribute("role");
    field.removeAttribute("aria-expanded");
    field.removeAttribute("aria-activedescendant");
  }
}

const isOpen = (composer) => !composer.querySelector("[data-completion]").hidden;

function point(composer, option) {
  for (const other of composer.querySelectorAll('[data-completion] [role="option"]')) {
    const on = other === option;
    other.classList.toggle("is-active", on);
    other.setAttribute("aria-selected", String(on));
  }
  if (!option) return;
  textOf(composer).setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function complete(composer, option) {
  const field = textOf(composer);
  const word = wordAt(field);
  field.setRangeText(`${option.dataset.insert} `, word?.start ?? 0, word?.end ?? 0, "end");
  field.focus();
  grow(field);
  suggest(composer);
}

/** True when the key was for the list of suggestions. */
function walk(composer, event) {
  const shown = [...composer.querySelectorAll('[data-completion] [role="option"]:not([hidden])')];
  const now = shown.findIndex((option) => option.classList.contains("is-active"));
  const exact = shown[now]?.dataset.insert === wordAt(textOf(composer))?.text;
  if (event.key === "ArrowDown") point(composer, shown[(now + 1) % shown.length]);
  else if (event.key === "ArrowUp") point(composer, shown[(now - 1 + shown.length) % shown.length]);
  else if (event.key === "Escape") open(composer, false);
  else if ((event.key === "Enter" && !exact) || event.key === "Tab") complete(composer, shown[now]);
  else return false;
  return true;
}

// Events ------------------------------------------------------------------------------------------------------------

const composerOf = (event) => event.target.closest?.("[data-composer]");

document.addEventListener("keydown", (event) => {
  const composer = composerOf(event);
  if (!composer || event.target !== textOf(composer) || event.isComposing) return;
  if (isOpen(composer) && walk(composer, event)) {
    event.preventDefault();
    event.stopPropagation();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    open(composer, false);
    send(composer);
  } else if (event.key === "Escape" && editing?.composer === composer) {
    event.stopPropagation();
    stopEditing({ restore: true });
  } else if (event.key === "ArrowUp" && !textOf(composer).value) {
    const own = [...composer.closest(".place, .thread").querySelectorAll(".message[data-own]")].at(-1);
    if (own) {
      event.preventDefault();
      edit(own);
    }
  }
});

document.addEventListener("input", (event) => {
  const composer = composerOf(event);
  if (!composer || event.target !== textOf(composer)) return;
  grow(event.target);
  suggest(composer);
});

document.addEventListener("focusout", (event) => {
  const composer = composerOf(event);
  if (composer && event.target === textOf(composer)) open(composer, false);
});

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.('[data-completion] [role="option"]');
  if (!option) return;
  event.preventDefault(); // the box keeps the focus
  complete(option.closest("[data-composer]"), option);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-composer]")) return;
  event.preventDefault();
  send(event.target);
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-attach]")) return;
  const composer = event.target.closest("[data-composer]");
  showFiles(composer, [...(attached.get(composer) ?? []), ...event.target.files]);
  event.target.value = "";
  textOf(composer).focus();
});

document.addEventListener("click", (event) => {
  const insert = event.target.closest?.("[data-insert]:not([role=option])");
  if (insert) begin(document.getElementById("composer"), insert.dataset.insert);
  const slash = event.target.closest?.("[data-slash]");
  if (slash) begin(slash.closest("[data-composer]"), "/");
  if (event.target.closest?.("[data-stop-editing]")) {
    const { composer } = editing;
    stopEditing({ restore: true });
    textOf(composer).focus();
  }
  const shortcut = event.target.closest?.("[data-shortcut]");
  if (shortcut) act("uses_shortcut", { callback_id: shortcut.dataset.shortcut });
});

function begin(composer, text) {
  if (!composer) return;
  set(composer, text);
  textOf(composer).focus();
}
