// What the browser cannot do by itself: copy to the clipboard, close menus, keep focus after a swap.
// Every form and page works without this file.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).value ?? button.dataset.copyText);
    button.textContent = button.dataset.copied;
    return;
  }
  for (const menu of document.querySelectorAll("details.user[open], details.strip__choice[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.user[open], details.strip__choice[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

// What is done with a page, and again with each part that htmx puts into it.
function prepare(part) {
  for (const summary of part.querySelectorAll(".ds-error-summary")) summary.focus();
  for (const table of part.querySelectorAll("table[data-stack]")) label(table);
  for (const input of part.querySelectorAll('input[type="file"].ds-input')) makeDropZone(input);
}

// On a narrow screen the cells stand below each other without their headings: each gets its heading as a label.
function label(table) {
  const headings = [...(table.tHead?.rows[0]?.cells ?? [])].map(
    (cell) => (cell.querySelector(".sort")?.firstChild ?? cell).textContent.trim(),
  );
  for (const cell of table.querySelectorAll("tbody td:not([colspan]):not([data-label])")) {
    const heading = headings[cell.cellIndex];
    const speaks = cell.querySelector(".stacked, .row__main, input, button, .ds-button") || !cell.textContent.trim();
    if (heading && !speaks && cell.cellIndex > 0) cell.dataset.label = heading;
  }
}

// A field for files as a zone to drop them on, which names the chosen ones.
function makeDropZone(input) {
  const texts = document.body.dataset;
  if (!texts.drop || input.closest(".drop")) return;
  const zone = Object.assign(document.createElement("div"), { className: "drop" });
  const text = Object.assign(document.createElement("span"), { textContent: texts.drop });
  const files = Object.assign(document.createElement("ul"), { className: "drop__files" });
  files.setAttribute("role", "status");
  text.setAttribute("aria-hidden", "true");
  const hadFocus = document.activeElement === input;
  input.before(zone);
  zone.append(text, files, input);
  if (hadFocus) input.focus();
  for (const event of ["dragenter", "dragleave", "drop"]) {
    input.addEventListener(event, () => zone.classList.toggle("drop--over", event === "dragenter"));
  }
  input.addEventListener("change", () => {
    const names = [...input.files].map((file) => file.name);
    const lines = names.length > 10 ? [...names.slice(0, 10), `+ ${names.length - 10}`] : names;
    files.replaceChildren(...lines.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
  });
}

// A part of a page that follows by itself is put in anew: what is open in it stays open, and the focus stays where it was.
const left = new Map();
const speaks = (one) => `${one.tagName} ${one.getAttribute("href") ?? ""} ${one.textContent.replace(/\s+/g, " ").trim()}`;
const alike = (part, name) => [...part.querySelectorAll("a, button, summary")].filter((one) => speaks(one) === name);
document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  const opened = [...part.querySelectorAll("details[open] > summary")].map(speaks);
  const focus = part.contains(document.activeElement) ? document.activeElement : null;
  const name = focus && speaks(focus);
  if (part.id) left.set(part.id, { opened, name, place: focus && alike(part, name).indexOf(focus) });
});
function restore(part) {
  const before = left.get(part.id);
  if (!before || !left.delete(part.id)) return;
  for (const summary of part.querySelectorAll("summary")) {
    if (before.opened.includes(speaks(summary))) summary.parentElement.open = true;
  }
  if (before.name && document.activeElement === document.body) {
    alike(part, before.name)[before.place]?.focus({ preventScroll: true });
  }
}

// A part that follows by itself and got no answer, or an error of the server, asks again a little later.
document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful, xhr } }) => {
  const isOurs = xhr.status && xhr.status < 500;
  if (successful || isOurs || !elt.getAttribute("hx-trigger")?.startsWith("load")) return;
  const again = () => elt.isConnected && htmx.ajax("GET", elt.getAttribute("hx-get"), { source: elt, swap: "outerHTML" });
  setTimeout(again, 10000);
});

prepare(document);
document.addEventListener("htmx:load", (event) => {
  prepare(event.detail.elt);
  restore(event.detail.elt);
});

// Ctrl K, or ⌘K on a Mac, goes to the search in the header.
const find = document.querySelector("#find");
if (find) {
  if (matchMedia("(hover: hover)").matches) find.placeholder += /Mac|iP/.test(navigator.platform) ? " ⌘K" : " Ctrl K";
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.key.toLowerCase() !== "k") return;
    event.preventDefault();
    find.select();
    find.focus();
  });
}

// A service is for years, months or terms: only such periods can be picked for it.
function showPeriods(choice) {
  const select = choice.form.elements.period;
  if (!select || !select.querySelector("optgroup")) return;
  for (const group of select.querySelectorAll("optgroup")) {
    group.disabled = group.hidden = group.label !== choice.dataset.periods;
  }
  const picked = select.selectedOptions[0]?.parentElement;
  if (picked?.label !== choice.dataset.periods) select.value = choice.dataset.usual;
}
for (const choice of document.querySelectorAll("[data-periods]")) {
  choice.addEventListener("change", () => showPeriods(choice));
  if (choice.checked) showPeriods(choice);
}
