// The review desk by keyboard: y, n and u answer the next open point, Enter then sends.
"use strict";

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
