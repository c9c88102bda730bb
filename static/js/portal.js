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
for (const summary of document.querySelectorAll(".ds-error-summary")) summary.focus();
