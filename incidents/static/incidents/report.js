// What the report form offers beyond HTML: one's own position, one's own time zone, and a word before too many photos.
(() => {
  "use strict";
  const form = document.getElementById("report");
  const zone = form.elements.timezone;
  if (zone && !zone.value) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    const help = document.getElementById("id_occurred_at_helptext");
    if (help && zone.value) help.textContent = `Empty means just now. Times are in ${zone.value}.`;
  }

  const MOST_FILES = 10;
  const MOST_BYTES = 30 * 1024 * 1024;
  const warning = document.getElementById("too-much");
  const isTooMuch = () => {
    const files = [...form.elements.photos.files];
    return files.length > MOST_FILES || files.reduce((sum, file) => sum + file.size, 0) > MOST_BYTES;
  };
  form.elements.photos.addEventListener("change", () => { warning.hidden = !isTooMuch(); });
  form.addEventListener("submit", (event) => {
    if (isTooMuch()) {
      warning.hidden = false;
      event.preventDefault();
    }
  });

  const locate = document.getElementById("locate");
  if (!locate || !navigator.geolocation) return;
  const status = locate.querySelector("[role=status]");
  locate.hidden = false;
  locate.querySelector("button").addEventListener("click", () => {
    status.textContent = "Looking …";
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        form.elements.latitude.value = coords.latitude.toFixed(6);
        form.elements.longitude.value = coords.longitude.toFixed(6);
        status.textContent = `Within about ${Math.round(coords.accuracy)} m.`;
      },
      () => { status.textContent = "Your device does not tell its position."; },
      { enableHighAccuracy: true, timeout: 15000 },
    );
  });
})();
