/* A list that keeps itself up to date: it hears of changes by /v1/events, reads its own address anew and changes rows
   where they stand. Ticks, focus and scroll stay; a row that is there keeps its place until the page is loaded again.
   The dashboard does the same with its boxes, and also when a minute has passed: what is due comes nearer by itself.
   The stream is read by fetch and not by EventSource, which tells neither a refusal from a drop nor a silent line. */
"use strict";
(() => {
  const STREAM = "/v1/events";
  const DEBOUNCE = 200, SILENCE = 40000, LONGEST_WAIT = 30000, BUSY_POLL = 400, FRESH_FOR = 4000;
  const bar = document.getElementById("live");
  if (!bar || !window.ReadableStream) return;
  const words = bar.querySelector(".live-words"), what = bar.dataset.what || "list";
  const BETWEEN = Number(bar.dataset.between) || 800, EVERY = Number(bar.dataset.every) || 0;
  let cursor = bar.dataset.cursor, controller = null, changed = new Set(), timer = 0, running = null, last = 0, isLost = false;

  function show(state, text) {
    bar.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
  }

  /* The stream */

  async function listen() {
    if (controller) return;
    const own = controller = new AbortController();
    let wait = 1000;
    while (controller === own) {
      let alarm = 0;
      const awake = () => { clearTimeout(alarm); alarm = setTimeout(() => own.signal.aborted || reader?.cancel(), SILENCE); };
      let reader = null;
      try {
        const headers = { Accept: "text/event-stream" };
        if (cursor) headers["Last-Event-ID"] = cursor;
        const answer = await fetch(`${STREAM}?types=${encodeURIComponent(bar.dataset.types)}`, { headers, cache: "no-store", signal: own.signal });
        if (answer.status === 401 || answer.status === 403) { show("ended", "Not live: log in again."); controller = null; return; }
        if (answer.status === 400) { cursor = ""; isLost = true; }
        if (!answer.ok) throw new Error(String(answer.status));
        show("live", bar.dataset.state === "live" ? words.textContent : "Live");
        if (isLost) { isLost = false; schedule(); }
        wait = 1000;
        reader = answer.body.getReader();
        await read(reader, awake);
      } catch (error) {
        if (own.signal.aborted) return;
      } finally {
        clearTimeout(alarm);
      }
      if (controller !== own) return;
      show("lost", "Not live: reconnecting …");
      await new Promise((done) => setTimeout(done, wait * (0.7 + Math.random() * 0.6)));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }

  async function read(reader, awake) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      awake();
      const { value, done } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const frames = text.split("\n\n");
      text = frames.pop();
      frames.forEach(take);
    }
  }

  function take(frame) {
    let data = "";
    for (const line of frame.split("\n")) {
      if (line.startsWith("id: ")) cursor = line.slice(4);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data) return;
    try { const { object } = JSON.parse(data); changed.add(`${object.type} ${object.id}`); } catch (error) { changed.add(cursor); }
    schedule();
  }

  function pause() {
    if (!controller) return;
    const own = controller;
    controller = null;
    own.abort();
    show("paused", "Paused while you are elsewhere");
  }

  /* When to read the list anew */

  function isBusy() {
    const at = document.activeElement;
    if (at && at.matches("input:not([type=checkbox]):not([type=submit]), textarea, select, [contenteditable], .select2-search__field")) return true;
    if (document.querySelector("dialog[open], #filter-bar details[open], #saved-views details[open]")) return true;
    const selection = document.getSelection();
    return Boolean(selection && !selection.isCollapsed && document.querySelector("#result_list, .panels")?.contains(selection.anchorNode));
  }

  function count() {
    return tell(changed);
  }

  function tell(told) {
    if (!told.size && EVERY) return "Time has passed";
    const number = Math.max(told.size, 1);
    return `${number} ${number === 1 ? bar.dataset.noun : bar.dataset.nouns} changed`;
  }

  function schedule() {
    clearTimeout(timer);
    timer = setTimeout(tick, Math.max(DEBOUNCE, last + BETWEEN - Date.now()));
  }

  function tick() {
    if (document.hidden || running) { timer = setTimeout(tick, BUSY_POLL); return; }
    if (isBusy()) {
      show("waiting", `${count()}; the ${what} waits until you are done here.`);
      timer = setTimeout(tick, BUSY_POLL);
      return;
    }
    refresh();
  }

  async function refresh() {
    const told = changed;
    changed = new Set();
    running = load(told);
    try { await running; } finally { running = null; last = Date.now(); }
  }

  async function load(told) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname) { show("ended", "Not live: log in again."); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      keepPlace(() => swap(fresh, told));
      const state = bar.dataset.state === "lost" ? "lost" : "live";
      show(state, `${tell(told)}, ${what} updated ${new Date().toLocaleTimeString([], { hour12: false, timeZone: bar.dataset.zone })}`);
      document.dispatchEvent(new CustomEvent("list:updated"));
    } catch (error) {
      for (const one of told) changed.add(one);
      timer = setTimeout(tick, 2000);
    }
  }

  /* How rows change where they stand */

  const bodyOf = (page) => page.querySelector("#result_list tbody");
  const keyOf = (row) => row.querySelector("input.action-select")?.value || row.querySelector("a")?.getAttribute("href") || "";
  const isTicked = (row) => Boolean(row.querySelector("input.action-select:checked"));

  function keepPlace(work) {
    const rows = Array.from(bodyOf(document)?.rows || []);
    const top = document.querySelector("#result_list thead")?.getBoundingClientRect().bottom ?? 0;
    const anchor = rows.find((row) => row.classList.contains("is-at")) || rows.find((row) => row.getBoundingClientRect().bottom > Math.max(top, 0));
    const before = anchor?.getBoundingClientRect().top;
    const isAtTop = window.scrollY < 5;
    work();
    if (anchor?.isConnected && !isAtTop) window.scrollBy(0, anchor.getBoundingClientRect().top - before);
  }

  /* A box that somebody stands in stays as it is until they leave it. */
  function swapBoxes(fresh) {
    const when = document.querySelector(".print-only"), moment = fresh.querySelector(".print-only");
    if (when && moment) when.textContent = moment.textContent;
    const present = document.querySelectorAll(".panels > .panel"), news = Array.from(fresh.querySelectorAll(".panels > .panel"));
    if (present.length !== news.length || news.some((box, index) => box.id !== present[index].id)) {
      document.querySelector(".panels").replaceChildren(...news.map((box) => document.adoptNode(box)));
      return;
    }
    present.forEach((box, index) => {
      if (box.contains(document.activeElement) || box.innerHTML === news[index].innerHTML) return;
      const isOther = plain(box) !== plain(news[index]);
      const open = Array.from(box.querySelectorAll("details"), (one) => one.open);
      box.innerHTML = news[index].innerHTML;
      box.querySelectorAll("details").forEach((one, place) => { one.open = Boolean(open[place]); });
      if (isOther) mark(box);
    });
  }

  function swap(fresh, told) {
    if (document.querySelector(".panels")) { swapBoxes(fresh); return; }
    const oldBody = bodyOf(document), newBody = bodyOf(fresh);
    if (!oldBody || !newBody) {
      const oldForm = document.getElementById("changelist-form"), newForm = fresh.getElementById("changelist-form");
      if (oldForm && newForm && !(oldBody && Array.from(oldBody.rows).some(isTicked))) {
        oldForm.replaceWith(document.adoptNode(newForm));
        const boxes = document.querySelectorAll("tr input.action-select");
        if (boxes.length && window.Actions) window.Actions(boxes);
      } else if (oldBody) {
        for (const row of Array.from(oldBody.rows)) leave(row);
      }
    } else {
      mix(oldBody, newBody, told);
    }
    for (const selector of [".paginator", "#filter-bar"]) {
      const there = document.querySelector(selector), news = fresh.querySelector(selector);
      if (there && news && !there.contains(document.activeElement) && there.innerHTML !== news.innerHTML) there.innerHTML = news.innerHTML;
    }
    recount();
  }

  function mix(oldBody, newBody, told) {
    const present = new Map(Array.from(oldBody.rows, (row) => [keyOf(row), row]));
    const wanted = new Map(Array.from(newBody.rows, (row) => [keyOf(row), row]));
    for (const [key, row] of present) {
      if (wanted.has(key)) renew(row, wanted.get(key), told.has(`${bar.dataset.noun} ${key}`));
      else leave(row);
    }
    let previous = null;
    for (const [key, row] of wanted) {
      if (!present.has(key)) {
        const born = document.adoptNode(row);
        if (previous) previous.after(born); else oldBody.prepend(born);
        mark(born);
        present.set(key, born);
      }
      previous = present.get(key);
    }
  }

  const plain = (row) => { const copy = row.cloneNode(true); for (const part of copy.querySelectorAll("time, .quick")) part.remove(); return copy.textContent; };

  function renew(row, news, isTold) {
    if (isTold || plain(row) !== plain(news)) mark(row);
    row.classList.remove("is-gone");
    row.removeAttribute("title");
    Array.from(news.cells).forEach((cell, index) => {
      const there = row.cells[index];
      if (!there || cell.classList.contains("action-checkbox") || there.contains(document.activeElement) && there.textContent === cell.textContent) return;
      if (there.innerHTML !== cell.innerHTML) there.innerHTML = cell.innerHTML;
    });
  }

  function leave(row) {
    if (!isTicked(row) && !row.classList.contains("is-at") && !row.contains(document.activeElement)) { row.remove(); return; }
    row.classList.add("is-gone");
    row.title = "It is no longer among what this list shows.";
  }

  function mark(row) {
    row.classList.add("is-fresh");
    setTimeout(() => row.classList.remove("is-fresh"), FRESH_FOR);
  }

  /* Django's own script counts the boxes that were there when the page was loaded; rows come and go here. */
  function recount() {
    const boxes = Array.from(document.querySelectorAll("tr input.action-select"));
    const ticked = boxes.filter((box) => box.checked).length;
    const counter = document.querySelector("span.action-counter"), toggle = document.getElementById("action-toggle");
    if (counter) { counter.dataset.actionsIcnt = boxes.length; counter.textContent = `${ticked} of ${boxes.length} selected`; }
    if (toggle) toggle.checked = boxes.length > 0 && ticked === boxes.length;
  }

  document.addEventListener("change", (event) => { if (event.target.matches("input.action-select")) recount(); });
  document.addEventListener("click", (event) => {
    if (event.target.id !== "action-toggle") return;
    for (const box of document.querySelectorAll("tr input.action-select")) {
      box.checked = event.target.checked;
      box.closest("tr").classList.toggle("selected", box.checked);
    }
    recount();
  });
  document.addEventListener("list:refresh", (event) => { for (const key of event.detail || []) changed.add(`${bar.dataset.noun} ${key}`); clearTimeout(timer); (running || Promise.resolve()).then(refresh); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); else listen(); });
  if (EVERY) setInterval(() => { if (controller && Date.now() - last > EVERY / 2) schedule(); }, EVERY);
  window.addEventListener("pagehide", pause);
  window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  if (!document.hidden) listen(); else show("paused", "Paused while you are elsewhere");
})();
