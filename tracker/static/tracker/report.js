/* A report that is being made: its page is read anew until it is finished, and then shown whole. */
"use strict";
(() => {
  const BETWEEN = 1500, LONGEST = 15000;
  let wait = BETWEEN;

  async function look() {
    if (document.hidden) { setTimeout(look, BETWEEN); return; }
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && new URL(answer.url).pathname !== location.pathname || answer.status === 403) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("report"), there = document.getElementById("report");
      if (!fresh || !there) return;
      if (!["pending", "running"].includes(fresh.dataset.state)) { location.reload(); return; }
      if (there.innerHTML !== fresh.innerHTML) there.innerHTML = fresh.innerHTML;
      const badge = document.querySelector(".page-buttons .badge"), news = page.querySelector(".page-buttons .badge");
      if (badge && news) badge.replaceWith(document.adoptNode(news));
      wait = BETWEEN;
    } catch (error) {
      wait = Math.min(wait * 2, LONGEST);
    }
    setTimeout(look, wait);
  }

  setTimeout(look, BETWEEN);
})();
