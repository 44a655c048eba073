/* Keys of one issue's page, and tags offered word by word. */
"use strict";
(() => {
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], .select2-container");

  function use(target) {
    if (target.tagName === "DETAILS") {
      target.open = true;
      const first = target.querySelector("input:not([type=hidden]), textarea, select");
      if (first) first.focus();
      target.scrollIntoView({ block: "nearest" });
    } else if (target.tagName === "TEXTAREA") {
      target.focus();
    } else {
      target.click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.key.length !== 1) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    use(target);
  });

  function offer(input) {
    if (!input.list) return;
    const options = Array.from(input.list.options);
    for (const option of options) option.dataset.word = option.dataset.word || option.value;
    const cut = input.value.lastIndexOf(",") + 1;
    const before = cut ? `${input.value.slice(0, cut)} ` : "";
    for (const option of options) option.value = before + option.dataset.word;
  }

  document.addEventListener("input", (event) => { if (event.target.matches("input[data-words]")) offer(event.target); });
})();
