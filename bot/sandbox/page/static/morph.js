// Makes the page like freshly drawn HTML without throwing away what people are in the middle of: focus, caret,
// typed text, open menus. Rule: an attribute is touched only when the server changed its mind about it since it
// last drew the element; whatever the browser or this page's script did to it stays.

const drawn = new WeakMap(); // element -> its attributes as the server last drew them

const attributesOf = (element) => new Map([...element.attributes].map(({ name, value }) => [name, value]));

/** Take note of elements that the server has just drawn. */
export function remember(root) {
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  for (const element of [root, ...root.querySelectorAll("*")]) drawn.set(element, attributesOf(element));
}

/** Make the children of `live` those of `html`. */
export function morph(live, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const focused = document.activeElement;
  children(live, template.content);
  if (focused?.isConnected && focused !== document.activeElement && live.contains(focused)) focused.focus({ preventScroll: true });
}

function children(live, fresh) {
  const wanted = new Set([...fresh.childNodes].map((node) => node.id).filter(Boolean));
  const keyed = new Map();
  for (const node of [...live.childNodes]) {
    if (!node.id) continue;
    if (wanted.has(node.id)) keyed.set(node.id, node);
    else node.remove();
  }
  let at = live.firstChild;
  for (const node of [...fresh.childNodes]) {
    let match = null;
    if (node.id) {
      match = keyed.get(node.id) ?? null;
    } else {
      while (at && !at.id && at.nodeName !== node.nodeName) at = drop(at);
      if (at && !at.id) match = at;
    }
    if (match && match.nodeName !== node.nodeName) {
      if (match === at) at = at.nextSibling;
      match.remove();
      match = null;
    }
    if (!match) {
      live.insertBefore(node, at);
      remember(node);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else live.insertBefore(match, at);
    update(match, node);
  }
  while (at) at = drop(at);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function update(live, fresh) {
  if (live.nodeType !== Node.ELEMENT_NODE) {
    if (live.nodeValue !== fresh.nodeValue) live.nodeValue = fresh.nodeValue;
    return;
  }
  attributes(live, fresh);
  if (live.hasAttribute("data-owned")) return; // the script fills this one
  if (live.nodeName === "TEXTAREA") {
    if (live.defaultValue !== fresh.defaultValue) {
      const typed = live.value;
      live.defaultValue = fresh.defaultValue;
      live.value = live === document.activeElement ? typed : fresh.defaultValue;
    }
    return;
  }
  children(live, fresh);
}

function attributes(live, fresh) {
  const before = drawn.get(live) ?? new Map();
  const now = attributesOf(fresh);
  for (const [name, value] of now) {
    if (before.get(name) === value) continue;
    live.setAttribute(name, value);
    if (name === "value" && live !== document.activeElement) live.value = value;
    if (name === "checked") live.checked = true;
  }
  for (const name of before.keys()) {
    if (now.has(name)) continue;
    live.removeAttribute(name);
    if (name === "checked") live.checked = false;
  }
  drawn.set(live, now);
}
