// Exhibits side by side: all wide views move together, all plate crops move together.
// Zoom, brightness and contrast change the display only; the image bytes are never touched.
"use strict";

(() => {
  const root = document.querySelector("[data-viewer]");
  if (!root) return;

  const MOST = 16;
  const STEP = 1.25;
  const tool = (name) => root.querySelector(`[data-view="${name}"]`);
  const stages = (group) => root.querySelectorAll(group ? `.stage[data-group="${group}"]` : ".stage[data-group]");
  // Where each group looks: scale, and the sheet's shift in shares of the stage's size.
  const looks = { wide: { scale: 1, x: 0, y: 0 }, plate: { scale: 1, x: 0, y: 0 } };
  let active = "wide";

  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

  const show = (group) => {
    const look = looks[group];
    look.x = clamp(look.x, 1 - look.scale, 0);
    look.y = clamp(look.y, 1 - look.scale, 0);
    stages(group).forEach((stage) => {
      const sheet = stage.querySelector(".sheet");
      sheet.style.transform = `translate(${look.x * stage.clientWidth}px, ${look.y * stage.clientHeight}px) scale(${look.scale})`;
      stage.classList.toggle("zoomed", look.scale > 1);
    });
    tool("scale").value = `${Math.round(looks[active].scale * 100)}%`;
  };

  // Zoom so that the point (x, y), in shares of the stage, stays where it is.
  const zoom = (group, factor, x = 0.5, y = 0.5) => {
    const look = looks[group];
    const scale = clamp(look.scale * factor, 1, MOST);
    look.x = x - ((x - look.x) * scale) / look.scale;
    look.y = y - ((y - look.y) * scale) / look.scale;
    look.scale = scale;
    active = group;
    show(group);
  };

  const pan = (group, dx, dy) => {
    looks[group].x += dx;
    looks[group].y += dy;
    active = group;
    show(group);
  };

  const reset = () => {
    for (const group of Object.keys(looks)) {
      Object.assign(looks[group], { scale: 1, x: 0, y: 0 });
      show(group);
    }
    tool("brightness").value = tool("contrast").value = 100;
    light();
  };

  const light = () => {
    const [brightness, contrast] = [tool("brightness").value, tool("contrast").value];
    const changed = brightness !== "100" || contrast !== "100";
    const filter = changed ? `brightness(${brightness}%) contrast(${contrast}%)` : "";
    root.querySelectorAll(".sheet img").forEach((image) => { image.style.filter = filter; });
    tool("changed").hidden = !changed;
  };

  // --- pointers: wheel, drag, pinch -----------------------------------------------------------
  const pointers = new Map();

  const share = (stage, event) => {
    const box = stage.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  root.addEventListener("wheel", (event) => {
    const stage = event.target.closest(".stage[data-group]");
    if (!stage) return;
    const group = stage.dataset.group;
    // Scrolling on over a picture that is not enlarged scrolls the page.
    if (event.deltaY > 0 && looks[group].scale === 1) return;
    event.preventDefault();
    zoom(group, Math.exp(-clamp(event.deltaY, -60, 60) * 0.005), ...share(stage, event));
  }, { passive: false });

  root.addEventListener("pointerdown", (event) => {
    const stage = event.target.closest(".stage[data-group]");
    if (!stage || event.button !== 0) return;
    pointers.set(event.pointerId, { stage, x: event.clientX, y: event.clientY });
    if (looks[stage.dataset.group].scale > 1 || pointers.size > 1) {
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("dragging");
    }
  });

  root.addEventListener("pointermove", (event) => {
    const held = pointers.get(event.pointerId);
    if (!held) return;
    const { stage } = held;
    const group = stage.dataset.group;
    const box = stage.getBoundingClientRect();
    const other = [...pointers].find(([id, one]) => id !== event.pointerId && one.stage === stage);
    if (other) {
      const [, fixed] = other;
      const was = Math.hypot(held.x - fixed.x, held.y - fixed.y);
      const is = Math.hypot(event.clientX - fixed.x, event.clientY - fixed.y);
      const middle = { clientX: (event.clientX + fixed.x) / 2, clientY: (event.clientY + fixed.y) / 2 };
      if (was > 0) zoom(group, is / was, ...share(stage, middle));
    } else if (looks[group].scale > 1) {
      pan(group, (event.clientX - held.x) / box.width, (event.clientY - held.y) / box.height);
    }
    held.x = event.clientX;
    held.y = event.clientY;
  });

  const release = (event) => {
    const held = pointers.get(event.pointerId);
    if (held) held.stage.classList.remove("dragging");
    pointers.delete(event.pointerId);
  };
  root.addEventListener("pointerup", release);
  root.addEventListener("pointercancel", release);
  root.addEventListener("dblclick", (event) => {
    const stage = event.target.closest(".stage[data-group]");
    if (stage) zoom(stage.dataset.group, 2.5, ...share(stage, event));
  });

  // --- toolbar and keys -----------------------------------------------------------------------
  tool("in").addEventListener("click", () => zoom(active, STEP));
  tool("out").addEventListener("click", () => zoom(active, 1 / STEP));
  tool("reset").addEventListener("click", reset);
  tool("brightness").addEventListener("input", light);
  tool("contrast").addEventListener("input", light);
  const overlay = () => root.classList.toggle("no-overlay", !tool("overlay").checked);
  tool("overlay").addEventListener("change", overlay);
  root.addEventListener("focusin", (event) => {
    const stage = event.target.closest(".stage[data-group]");
    if (stage) { active = stage.dataset.group; show(active); }
  });

  const brighten = (by) => {
    tool("brightness").value = Number(tool("brightness").value) + by;
    light();
  };
  const keys = {
    "+": () => zoom(active, STEP), "=": () => zoom(active, STEP), "-": () => zoom(active, 1 / STEP), 0: reset,
    "[": () => brighten(-15), "]": () => brighten(15),
    o: () => { tool("overlay").checked = !tool("overlay").checked; overlay(); },
    c: () => compare(),
  };
  const arrows = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), select, textarea, summary")) return;
    const stage = event.target.closest(".stage[data-group]");
    if (stage && event.key in arrows && looks[active].scale > 1) {
      pan(active, ...arrows[event.key]);
      event.preventDefault();
    } else if (event.key in keys) {
      keys[event.key]();
      event.preventDefault();
    }
  });

  // --- two occasions on top of each other -----------------------------------------------------
  const dialog = document.querySelector("[data-compare]");
  const side = (name) => dialog.querySelector(`[data-compare-side="${name}"]`);
  const picture = (name) => dialog.querySelector(`[data-compare-image="${name}"]`);
  const wipe = dialog.querySelector("[data-compare-wipe]");

  const cut = () => {
    picture("right").style.clipPath = `inset(0 0 0 ${wipe.value}%)`;
    dialog.querySelector(".compare-edge").style.left = `${wipe.value}%`;
  };

  const compare = () => {
    const found = [...root.querySelectorAll(".occasion")].map((occasion) => ({
      name: occasion.dataset.occasion,
      source: occasion.querySelector(`.stage[data-group="${active}"] img`),
    })).filter((one) => one.source);
    if (!found.length) return;
    for (const [name, chosen] of [["left", 0], ["right", found.length - 1]]) {
      const choice = side(name);
      choice.replaceChildren(...found.map((one, index) => new Option(one.name, index, false, index === chosen)));
      choice.onchange = () => { picture(name).src = found[choice.value].source.src; };
      choice.onchange();
    }
    wipe.value = 50;
    cut();
    dialog.showModal();
    wipe.focus();
  };
  wipe.addEventListener("input", cut);
  tool("compare").addEventListener("click", compare);
  dialog.querySelector("[data-compare-close]").addEventListener("click", () => dialog.close());

  // --- new pictures keep the look that the reader chose ----------------------------------------
  const again = () => { show("wide"); show("plate"); light(); overlay(); };
  document.addEventListener("htmx:oobAfterSwap", again);
  addEventListener("resize", again);
  again();
})();
