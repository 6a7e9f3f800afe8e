// The frame: keys, the menu of small screens, how pages look, and what stands in a corner for a while.
(() => {
  "use strict";

  const root = document.documentElement;

  // Keys. No single key moves money: they lead to pages, rows and fields, where people decide.
  const NEXT_KEY_WITHIN_MS = 1200;
  const keysDialog = document.getElementById("keys-dialog");
  const keyed = new Map([...document.querySelectorAll("[data-key]")].map((link) => [link.dataset.key, link]));
  let begun = "";
  let begunAt = 0;

  function isTaken(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
    return Boolean(document.querySelector("dialog[open]") || event.target.closest("input, textarea, select, [contenteditable]"));
  }

  function rowLinks() {
    const rows = document.querySelectorAll("main tbody tr");
    return [...rows].map((row) => row.querySelector("a.row-link, a[href]")).filter((link) => link && link.offsetParent);
  }

  function toRow(step) {
    const links = rowLinks();
    const row = document.activeElement.closest("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    const next = at === -1 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
    if (!links[next]) return;
    links[next].focus();
    links[next].closest("tr").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (event.target.id === "search") event.target.blur();
      closeSide(true);
      return;
    }
    if (isTaken(event)) return;
    const pressed = Date.now() - begunAt < NEXT_KEY_WITHIN_MS ? `${begun} ${event.key}` : event.key;
    begun = "";
    if (keyed.has(pressed)) {
      event.preventDefault();
      const one = keyed.get(pressed);
      one.click();
      document.getElementById(one.dataset.keyThen)?.focus();
    } else if (event.key === "g") {
      begun = "g";
      begunAt = Date.now();
    } else if (event.key === "j" || event.key === "k") {
      toRow(event.key === "j" ? 1 : -1);
    } else if (event.key === "?" && keysDialog) {
      event.preventDefault();
      keysDialog.showModal();
    }
  });

  const keysButton = document.getElementById("keys-button");
  if (keysDialog && keysButton) {
    keysButton.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      keysDialog.showModal();
    });
    keysDialog.querySelector("[data-close-keys]").addEventListener("click", () => keysDialog.close());
  }

  // The menu of small screens.
  const side = document.getElementById("side");
  const sideButton = document.getElementById("side-button");

  function closeSide(andFocus) {
    if (!side || !side.hasAttribute("data-open")) return;
    side.removeAttribute("data-open");
    sideButton.setAttribute("aria-expanded", "false");
    if (andFocus) sideButton.focus();
  }
  if (sideButton) {
    sideButton.addEventListener("click", () => {
      const opens = side.toggleAttribute("data-open");
      sideButton.setAttribute("aria-expanded", String(opens));
    });
    document.addEventListener("click", (event) => {
      if (!side.contains(event.target)) closeSide(false);
    });
    window.addEventListener("pagehide", () => closeSide(false));
  }

  // Theme and density change at once; the server is told, so that the next page begins with them.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-look]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    const body = new FormData(form, button);
    for (const one of form.querySelectorAll(`[name="${button.name}"]`)) {
      one.setAttribute("aria-pressed", String(one === button));
    }
    show(button.name, button.value);
    fetch(form.action, { method: "POST", body: new URLSearchParams(body), redirect: "manual" }).catch(() => form.submit());
  });

  function show(name, value) {
    if (name === "density") {
      root.dataset.density = value;
      return;
    }
    if (value === "system") root.removeAttribute("data-bs-theme");
    else root.setAttribute("data-bs-theme", value);
    document.querySelector("meta[name=color-scheme]").content = value === "system" ? "light dark" : value;
  }

  // The account's clock goes on while the page stands, as the server writes it. No live region: nobody is told each second.
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const clocks = [...document.querySelectorAll("time[data-ticks]")].map((clock) => [clock, Date.parse(clock.dateTime) - Date.now()]);

  function tick() {
    for (const [clock, ahead] of clocks) {
      const at = new Date(Date.now() + ahead);
      const [day, time] = [`${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`, at.toISOString().slice(11, 19)];
      clock.dateTime = `${at.toISOString().slice(0, 19)}Z`;
      clock.querySelector(".clock-day").textContent = `${day},`;
      clock.querySelector(".clock-time").textContent = time;
    }
  }
  if (clocks.length) setInterval(tick, 1000);

  // What stands in a corner goes by itself, unless somebody is at it.
  const STANDS_MS = 8000;
  for (const note of document.querySelectorAll(".toast-note")) {
    const leave = () => {
      if (note.matches(":hover, :focus-within")) setTimeout(leave, STANDS_MS);
      else note.remove();
    };
    setTimeout(leave, STANDS_MS);
  }
  document.addEventListener("click", async (event) => {
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest(".toast-note").remove();
    const copy = event.target.closest("[data-copy-text]");
    if (copy) {
      await navigator.clipboard.writeText(copy.closest(".inspector").querySelector(".json").textContent);
      copy.classList.add("copied");
      setTimeout(() => copy.classList.remove("copied"), 1200);
    }
  });

  // What the chosen card does, below where it is chosen.
  document.addEventListener("change", (event) => {
    const told = event.target.matches("select[data-told-in]") && document.getElementById(event.target.dataset.toldIn);
    if (!told) return;
    const story = document.querySelector(`[data-card="${CSS.escape(event.target.value)}"]`);
    told.textContent = story ? story.textContent.trim() : "";
  });
})();
