// The clock that runs, and a form that is sent once. Every page works without it.
"use strict";

(() => {
  // Time is the server's: the telephone's clock may be wrong by hours.
  const skew = Number(document.body.dataset.now) - Date.now();
  const clock = document.querySelector("[data-deadline]");
  if (clock) {
    const deadline = Number(clock.dataset.deadline);
    const left = clock.querySelector("[data-left]");
    const tick = () => {
      const seconds = Math.ceil((deadline - Date.now() - skew) / 1000);
      if (seconds <= 0) {
        left.textContent = clock.dataset.over;
        clock.classList.add("over");
        setTimeout(() => location.reload(), 3000);
        return;
      }
      const two = (n) => String(n).padStart(2, "0");
      left.textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
      setTimeout(tick, 250);
    };
    tick();
  }

  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      // The server refuses it too, but only after minutes of sending.
      const files = form.querySelector("input[type=file]");
      const sizes = files ? [...files.files].map((file) => file.size) : [];
      const most = files ? Number(files.dataset.most) : 0;
      if (sizes.some((size) => size > most) || sizes.reduce((sum, size) => sum + size, 0) > 3 * most) {
        event.preventDefault();
        document.getElementById("files-large").hidden = false;
        files.focus();
        return;
      }
      const button = form.querySelector("button");
      // Not before the form has been read: a disabled button is not sent.
      setTimeout(() => { button.disabled = true; }, 0);
    });
  }
  addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form[data-once] button")) button.disabled = false;
  });
})();
