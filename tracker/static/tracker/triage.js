/* Steps with one row of the issue list, by key or by button. The server decides; what it says is shown and read out. */
"use strict";
(() => {
  const place = document.getElementById("quick-steps");
  if (!place || !window.tracker) return;
  let hiding = 0;

  function say(text, isRefusal) {
    place.textContent = text;
    place.classList.toggle("is-refusal", Boolean(isRefusal));
    clearTimeout(hiding);
    hiding = setTimeout(() => { place.textContent = ""; }, isRefusal ? 9000 : 5000);
  }

  async function step(row, verb, value = "") {
    const box = row && row.querySelector("input.action-select");
    if (!box) { say("Choose a row first: press j or k.", true); return; }
    const body = new FormData();
    body.append("do", verb);
    body.append("value", value);
    body.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    row.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(place.dataset.url.replace("/0/", `/${box.value}/`), { method: "POST", body });
      const isJSON = (answer.headers.get("Content-Type") || "").startsWith("application/json");
      if (!isJSON) throw new Error("not ours");
      const told = await answer.json();
      if (answer.ok) say(told.message); else say(`Refused. ${told.error.message}`, true);
      document.dispatchEvent(new CustomEvent("list:refresh", { detail: answer.ok ? [box.value] : [] }));
    } catch (error) {
      say("Nothing was changed: the server did not answer, or you are logged out. Load the page again.", true);
    } finally {
      row.removeAttribute("aria-busy");
    }
  }

  const { keys, currentRow } = window.tracker;
  keys.m = () => { step(currentRow(), "move"); };
  keys.a = () => { step(currentRow(), "assign"); };
  ["low", "medium", "high", "critical"].forEach((severity, index) => {
    keys[String(index + 1)] = () => { step(currentRow(), "severity", severity); };
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".quick button[data-do]");
    if (button) step(button.closest("tr"), button.dataset.do);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(".quick select[data-do]")) step(event.target.closest("tr"), event.target.dataset.do, event.target.value);
  });
})();
