// The review desk by keyboard: after the plate, the key beside a colour or kind chooses it; y, n and
// u answer the next open point, Enter then sends.
"use strict";

(() => {
  const form = document.querySelector("[data-blind]");
  if (!form) return;
  const open = () => [...form.querySelectorAll("[data-picks]")].find((group) => !group.querySelector(":checked"));

  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const group = event.target.closest("[data-picks]");
    if (event.key === "Enter" && event.target.name === "plate" && open()) {
      open().querySelector("input").focus();
      event.preventDefault();
    } else if (group) {
      const chosen = [...group.querySelectorAll("input")].find((one) => one.dataset.key === event.key);
      if (!chosen) return;
      chosen.checked = true;
      (open() ? open().querySelector("input") : form.querySelector("button.primary")).focus();
      event.preventDefault();
    }
  });
})();

(() => {
  const form = document.querySelector("[data-desk]");
  if (!form) return;
  const words = { y: "yes", n: "no", u: "unsure" };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in words)) return;
    if (event.target.closest("textarea, input[type=text], input:not([type]), select")) return;
    const open = [...form.querySelectorAll("[data-point]")].filter((point) => !point.querySelector(":checked"));
    const held = event.target.closest("[data-point]");
    const point = held || open[0];
    if (!point) return;
    point.querySelector(`input[value=${words[event.key]}]`).checked = true;
    const next = open.find((one) => one !== point && !one.querySelector(":checked"));
    (next ? next.querySelector("input") : form.querySelector("button.primary")).focus();
    event.preventDefault();
  });
})();
