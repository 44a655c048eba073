/* Keys, and labels for the cells of narrow lists. No inline script anywhere: the content security policy forbids it. */
"use strict";
(() => {
  document.documentElement.classList.add("is-scripted");
  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable], .select2-container");
  const rows = () => Array.from(document.querySelectorAll("#result_list tbody tr"));
  const currentRow = () => document.querySelector("#result_list tbody tr.is-at");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const from = currentRow();
    if (from) from.classList.remove("is-at");
    const to = all[Math.min(Math.max(all.indexOf(from) + step, 0), all.length - 1)];
    to.classList.add("is-at");
    to.scrollIntoView({ block: "nearest" });
    const link = to.querySelector("th a, td a");
    if (link) link.focus({ preventScroll: true });
  }

  const keys = {
    "/": () => { const bar = document.getElementById("searchbar") || document.getElementById("nav-filter"); if (bar) { bar.focus(); bar.select(); } },
    j: () => move(1),
    k: () => move(-1),
    Enter: () => { const link = currentRow()?.querySelector("th a, td a"); if (link) link.click(); return Boolean(link); },
    x: () => { const box = currentRow()?.querySelector("input.action-select"); if (box) box.click(); },
    g: () => { const home = document.querySelector("#site-name a"); if (home) home.click(); },
    "?": () => { const dialog = document.getElementById("keys"); if (dialog && !dialog.open) dialog.showModal(); },
  };
  window.tracker = { keys, currentRow };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") for (const open of document.querySelectorAll("#filter-bar details[open], #saved-views details[open]")) open.open = false;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) || !Object.hasOwn(keys, event.key)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (keys[event.key]() !== false) event.preventDefault();
  });

  function label() {
    const heads = Array.from(document.querySelectorAll("#result_list thead th")).map((head) => head.textContent.trim());
    for (const row of rows()) {
      Array.from(row.children).forEach((cell, index) => {
        if (heads[index] && cell.tagName === "TD") cell.dataset.label = heads[index];
      });
    }
  }
  document.addEventListener("DOMContentLoaded", label);
  document.addEventListener("list:updated", label);

  // A toggle does not bubble.
  document.addEventListener("toggle", (event) => {
    const filter = event.target;
    if (!filter.matches("#filter-bar details") || !filter.open) return;
    filter.classList.remove("is-at-the-edge");
    const reach = filter.lastElementChild.getBoundingClientRect().right;
    filter.classList.toggle("is-at-the-edge", reach > document.documentElement.clientWidth);
  }, true);

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll("#filter-bar details[open], #saved-views details[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
})();
