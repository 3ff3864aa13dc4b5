// Talking to the sandbox: what people do goes to the control API; what went wrong is told in a small notice.

const LONG_ENOUGH = 9000; // ms a notice stays: time to read two lines twice

export const person = () => document.body.dataset.person;

/** Post one act of the person whom this window plays; null when it was refused. Speaks up unless `quiet`. */
export async function act(verb, body = {}, { quiet = false } = {}) {
  let answer;
  try {
    const response = await fetch(`/sandbox/people/${encodeURIComponent(person())}/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    tell("The sandbox does not answer.");
    return null;
  }
  if (answer.error && !quiet) tell(answer.error);
  return answer.ok ? answer : null;
}

/** Where an element stands, as the control API names it. */
export function surfaceOf(element) {
  const surface = element.closest("[data-surface]");
  if (surface.dataset.surface === "view") return { view_id: surface.dataset.view };
  return { channel: surface.dataset.channel, ts: surface.dataset.ts };
}

/** A notice that goes by itself. */
export function tell(text) {
  const toasts = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Dismiss";
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  toasts.append(toast);
  while (toasts.children.length > 3) toasts.firstChild.remove();
  setTimeout(() => toast.remove(), LONG_ENOUGH);
}

const asking = new WeakMap(); // dialog -> what settles the question that it asks

/** Ask before acting: resolves to true when the dialog's confirm button was pressed. */
export function ask(dialog) {
  asking.get(dialog)?.(false); // given up and asked again before the browser told of the first closing
  return new Promise((resolve) => {
    const before = document.activeElement;
    const answer = (event) => {
      const button = event.target.closest("button[value]");
      if (button) dialog.close(button.value);
    };
    const closed = () => {
      if (dialog.open) return; // a closing of before, told late
      if (before?.isConnected) before.focus();
      settle(dialog.returnValue === "confirm");
    };
    const settle = (yes) => {
      dialog.removeEventListener("click", answer);
      dialog.removeEventListener("close", closed);
      asking.delete(dialog);
      resolve(yes);
    };
    asking.set(dialog, settle);
    dialog.returnValue = "";
    dialog.addEventListener("click", answer);
    dialog.addEventListener("close", closed);
    dialog.showModal();
    dialog.querySelector('button[value="confirm"]').focus();
  });
}

/** A file's bytes as the control API takes them. */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
