// The inspector: open or not, filtered or not, and the payload of an entry when somebody wants to see it.

const KEPT = "sandbox.inspector"; // whether it is open, for the next visit
const panel = document.getElementById("inspector");
const filter = document.getElementById("inspector-filter");

function remembered() {
  try {
    return localStorage.getItem(KEPT) === "open";
  } catch {
    return false; // storage is switched off: then it starts closed
  }
}

function keep(open) {
  try {
    localStorage.setItem(KEPT, open ? "open" : "closed");
  } catch {
    // as above
  }
}

let opener = null;
let redraw = () => {};

export function openInspector(open) {
  panel.hidden = !open;
  keep(open);
  markInspector();
  if (open) {
    redraw();
    filter.focus();
  } else {
    opener?.focus();
  }
}

/** After a redraw: the buttons say whether it is open, and new entries obey the filter. */
export function markInspector() {
  for (const button of document.querySelectorAll("button[data-inspector][aria-pressed]")) button.setAttribute("aria-pressed", String(!panel.hidden));
  const wanted = filter.value.trim().toLowerCase();
  for (const group of panel.querySelectorAll(".log-group")) {
    const lines = [...group.querySelectorAll(".log-line")];
    for (const line of lines) line.hidden = !line.querySelector("summary").textContent.toLowerCase().includes(wanted);
    group.hidden = lines.every((line) => line.hidden);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-inspector]");
  if (!button) return;
  if (panel.hidden) opener = button;
  openInspector(panel.hidden);
});

filter.addEventListener("input", markInspector);

document.getElementById("inspector-clear").addEventListener("click", async () => {
  await fetch("/page/log/clear", { method: "POST" });
  redraw();
});

panel.addEventListener("toggle", async (event) => {
  const line = event.target;
  if (!line.matches?.(".log-line") || !line.open) return;
  const detail = line.querySelector(".log-detail");
  if (detail.childElementCount) return;
  const response = await fetch(`/page/log/${line.dataset.log}`);
  if (response.ok) detail.innerHTML = await response.text(); // drawn and escaped by the server
  else detail.textContent = "This entry is not in the log any more.";
}, true);

/** Begin as it was left. `draw` has it drawn again. */
export function startInspector(draw) {
  redraw = draw;
  panel.hidden = !remembered();
  if (!panel.hidden) redraw();
  markInspector();
}
