// Live updates, ages that tick, and small comforts. Every page works without it.
"use strict";

(() => {
  const body = document.body;
  const skew = Number(body.dataset.now) - Date.now();
  const byId = (id) => document.getElementById(id);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sure]");
    if (button && !confirm(button.dataset.sure)) event.preventDefault();
  });

  // --- live updates -------------------------------------------------------------------------
  // One stream, only while the page is looked at: browsers allow six connections to a server.
  const THROTTLE_MS = 400;
  let mark = body.dataset.mark;
  let stream = null;
  const due = new Map();

  const state = (name) => {
    const light = byId("live");
    if (light && light.dataset.state !== name) light.dataset.state = name;
  };

  const refresh = (kind) => {
    if (due.has(kind)) return;
    due.set(kind, setTimeout(() => {
      due.delete(kind);
      document.querySelectorAll(`[data-live~="${kind}"]`).forEach((element) => htmx.trigger(element, "refresh"));
    }, THROTTLE_MS * (due.last && Date.now() - due.last < THROTTLE_MS ? 1 : 0)));
    due.last = Date.now();
  };

  const connect = () => {
    if (stream || !mark || document.hidden) return;
    stream = new EventSource(`/live?since=${encodeURIComponent(mark)}`);
    stream.onopen = () => state("on");
    stream.addEventListener("hello", (event) => { mark = event.data; });
    for (const kind of ["cases", "fleet"]) {
      stream.addEventListener(kind, (event) => { mark = event.data; refresh(kind); });
    }
    stream.onerror = () => {
      state("off");
      if (stream && stream.readyState === EventSource.CLOSED) {
        disconnect();
        fetch("/session", { headers: { "X-Firelane-Live": "1" } }).then((answer) => {
          if (answer.status === 401) byId("session-over").hidden = false;
          else setTimeout(connect, 3000);
        }).catch(() => setTimeout(connect, 3000));
      }
    };
  };

  const disconnect = () => {
    if (stream) stream.close();
    stream = null;
    state("off");
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect);
  connect();

  // --- swapping only what changed ------------------------------------------------------------
  let before = new Map();
  let opened = new Set();

  const remember = () => {
    before = new Map([...document.querySelectorAll("[data-changed]")].map((row) => [row.id, row.dataset.changed]));
    opened = new Set([...document.querySelectorAll("details[id][open]")].map((details) => details.id));
  };

  const restore = () => {
    opened.forEach((id) => { const details = byId(id); if (details) details.open = true; });
    tick();
  };

  document.addEventListener("htmx:beforeSwap", remember);
  document.addEventListener("htmx:afterSwap", (event) => {
    restore();
    const live = event.detail.requestConfig && "X-Firelane-Live" in event.detail.requestConfig.headers;
    if (!live || !before.size) return;
    document.querySelectorAll("[data-changed]").forEach((row) => {
      if (before.get(row.id) !== row.dataset.changed) row.classList.add("fresh");
    });
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const old = event.detail.target;
    const incoming = event.detail.fragment.querySelector(`#${CSS.escape(old.id)}`) || event.detail.fragment.firstElementChild;
    const same = incoming && old.dataset.digest && old.dataset.digest === incoming.dataset.digest;
    if (same || (incoming && incoming.outerHTML === old.outerHTML)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:oobAfterSwap", restore);

  document.addEventListener("htmx:responseError", (event) => {
    const over = event.detail.xhr.status === 401;
    byId(over ? "session-over" : "request-failed").hidden = false;
    if (over) disconnect();
  });
  document.addEventListener("htmx:sendError", () => { byId("request-failed").hidden = false; });
  document.addEventListener("htmx:afterOnLoad", () => { byId("request-failed").hidden = true; });

  // --- ages ----------------------------------------------------------------------------------
  const [pattern, ...units] = (body.dataset.ages || "").split("|");
  const UNIT_S = [86400, 3600, 60, 1];

  const age = (seconds) => {
    const said = [];
    let rest = Math.max(0, Math.floor(seconds));
    UNIT_S.forEach((unit, index) => {
      const count = Math.floor(rest / unit);
      rest -= count * unit;
      if (count && said.length < 2) said.push(count + units[index]);
    });
    return pattern.replace("%s", said.join(" ") || `0${units[3]}`);
  };

  const tick = () => {
    const now = Date.now() + skew;
    document.querySelectorAll("[data-age]").forEach((element) => {
      const text = age((now - Number(element.dataset.age)) / 1000);
      if (element.textContent !== text) element.textContent = text;
    });
  };
  if (units.length === 4) setInterval(tick, 1000);

  // --- comforts ------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=print]")) print();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; });
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (wanted) { wanted.focus(); event.preventDefault(); }
  });
})();
