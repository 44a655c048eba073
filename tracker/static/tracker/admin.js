/* Keys, and labels for the cells of narrow lists. No inline script anywhere: the content security policy forbids it. */
"use strict";
(() => {
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], .select2-container");
  const rows = () => Array.from(document.querySelectorAll("#result_list tbody tr"));
  let at = -1;

  function move(step) {
    const all = rows();
    if (!all.length) return;
    if (at >= 0 && all[at]) all[at].classList.remove("is-at");
    at = Math.min(Math.max(at + step, 0), all.length - 1);
    all[at].classList.add("is-at");
    all[at].scrollIntoView({ block: "nearest" });
    const link = all[at].querySelector("th a, td a");
    if (link) link.focus({ preventScroll: true });
  }

  const keys = {
    "/": () => { const bar = document.getElementById("searchbar") || document.getElementById("nav-filter"); if (bar) { bar.focus(); bar.select(); } },
    j: () => move(1),
    k: () => move(-1),
    Enter: () => { const row = rows()[at]; const link = row && row.querySelector("th a, td a"); if (link) link.click(); return Boolean(link); },
    x: () => { const row = rows()[at]; const box = row && row.querySelector("input.action-select"); if (box) box.click(); },
    g: () => { const home = document.querySelector("#site-name a"); if (home) home.click(); },
    "?": () => { const dialog = document.getElementById("keys"); if (dialog && !dialog.open) dialog.showModal(); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") for (const filter of document.querySelectorAll("#filter-bar details[open]")) filter.open = false;
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) || !(event.key in keys)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (keys[event.key]() !== false) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const heads = Array.from(document.querySelectorAll("#result_list thead th")).map((head) => head.textContent.trim());
    for (const row of rows()) {
      Array.from(row.children).forEach((cell, index) => {
        if (heads[index] && cell.tagName === "TD") cell.dataset.label = heads[index];
      });
    }
  });

  document.addEventListener("click", (event) => {
    for (const filter of document.querySelectorAll("#filter-bar details[open]")) {
      if (!filter.contains(event.target)) filter.open = false;
    }
  });
})();
