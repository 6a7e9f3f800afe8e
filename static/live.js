// News as it happens: one stream says what changed, a mark says whether it stands, and the parts of the page that show
// what changed are brought up to date in place, never under somebody's hands. Pages also look again by the clock, so
// without the stream they only learn of it later. htmx fetches (desk.js ties the two together); here is when, and how.
(() => {
  "use strict";

  const mark = document.getElementById("live");
  if (!mark) return;
  const written = mark.querySelector(".live-words");
  const spoken = mark.querySelector("[role=status]");

  const OLD_AFTER_MS = 5000; // the server repeats the last ten seconds to a page that has just come
  const GATHER_MS = 60; // one act writes several entries
  const SPACED_MS = 2000; // lists and figures are not fetched more often than this
  const FAST_MS = 3000; // how often a page with something open looks while there is no stream
  const WAITS_MS = [500, 1000, 2000, 4000, 8000, 16000, 30000];
  const TYPING_MS = 1500;
  const STATES = {
    connecting: ["Connecting", "The page is being connected to what happens"],
    live: ["Live", "What changes shows here at once"],
    reconnecting: ["Reconnecting", "The connection was lost and is being made again; the page looks again by the clock"],
    off: ["Not live", "There is no live connection now; the page looks again every 30 seconds"],
    over: ["Signed out", "The session has ended; sign in again"],
  };

  // The mark. Only what goes wrong, and that it is over, is said aloud.
  let state = "connecting";
  let wasLost = false;
  function show(next) {
    if (next === state) return;
    state = next;
    mark.dataset.state = state;
    [written.textContent, mark.title] = STATES[state];
    if (state === "off" || state === "over") {
      wasLost = true;
      spoken.textContent = STATES[state][1];
    } else if (state === "live" && wasLost) {
      wasLost = false;
      spoken.textContent = STATES.live[1];
    }
  }

  // The stream: open while the page is looked at, and opened again where it ended.
  const begun = Date.now();
  const told = new Set();
  let source = null;
  let position = null;
  let failures = 0;
  let again = 0;

  function open() {
    clearTimeout(again);
    if (source || document.hidden || state === "over") return;
    source = new EventSource(mark.dataset.stream + (position === null ? "" : `?after=${position}`));
    for (const [name, hear] of Object.entries(HEARD)) {
      source.addEventListener(name, (event) => {
        hear(event.data);
        if (event.lastEventId) position = event.lastEventId;
      });
    }
    source.addEventListener("error", lose);
  }

  function close() {
    if (source) source.close();
    source = null;
  }

  function lose() {
    close();
    if (state === "over") return;
    const wait = WAITS_MS[Math.min(failures, WAITS_MS.length - 1)];
    failures += 1;
    show(failures > 3 ? "off" : "reconnecting");
    again = setTimeout(open, wait * (0.7 + 0.6 * Math.random()));
  }

  const HEARD = {
    here() {
      failures = 0;
      show("live");
      if (position === null && Date.now() - begun > OLD_AFTER_MS) lookEverywhere();
    },
    change(data) {
      const { entry, order } = JSON.parse(data);
      if (told.has(entry)) return;
      told.add(entry);
      if (order) lookSoon(order, GATHER_MS);
      lookSoon("timeline", Math.max(GATHER_MS, (looked.get("timeline") || 0) + SPACED_MS - Date.now()));
    },
    many: () => lookEverywhere(),
    end() {
      show("over");
      close();
    },
  };

  function follow() {
    if (document.hidden) {
      clearTimeout(again);
      close();
    } else {
      open();
    }
  }
  document.addEventListener("visibilitychange", follow);
  window.addEventListener("pageshow", follow);
  window.addEventListener("pagehide", close);
  window.addEventListener("online", () => {
    failures = 0;
    follow();
  });
  window.addEventListener("offline", () => {
    if (source) lose();
  });

  // Looking again. A region names what it shows in data-live: an order's id, or "timeline" for everything.
  const looked = new Map();
  const waiting = new Map();

  function look(name) {
    looked.set(name, Date.now());
    document.body.dispatchEvent(new CustomEvent(`live:${name}`));
  }

  function lookSoon(name, wait) {
    if (waiting.has(name)) return;
    waiting.set(
      name,
      setTimeout(() => {
        waiting.delete(name);
        look(name);
      }, wait),
    );
  }

  function lookEverywhere() {
    const names = [...document.querySelectorAll("[data-live]")].map((region) => region.dataset.live);
    for (const name of new Set(names)) lookSoon(name, GATHER_MS);
  }

  setInterval(() => {
    if (state !== "live" && !document.hidden) look("fast");
  }, FAST_MS);

  // Hands off while somebody is in the middle of something; what was put off is looked at afterwards.
  const putOff = new Set();
  let typedAt = 0;

  function isBusy(region) {
    if (document.hidden || document.querySelector("dialog[open], details.menu[open], [data-choosing]")) return true;
    if (Date.now() - typedAt < TYPING_MS) return true;
    const field = document.activeElement;
    if (region.contains(field) && field.matches("textarea, input:not([type=radio], [type=checkbox])")) return true;
    const chosen = document.getSelection();
    return Boolean(chosen) && !chosen.isCollapsed && chosen.containsNode(region, true);
  }

  function resume() {
    for (const region of putOff) {
      if (!region.isConnected) {
        putOff.delete(region);
      } else if (!isBusy(region)) {
        putOff.delete(region);
        lookSoon(region.dataset.live, GATHER_MS);
      }
    }
  }
  document.addEventListener("input", () => {
    typedAt = Date.now();
    setTimeout(resume, TYPING_MS + 50);
  });
  for (const name of ["close", "toggle", "chosen"]) document.addEventListener(name, () => setTimeout(resume), true);
  for (const name of ["focusout", "selectionchange", "visibilitychange"]) {
    document.addEventListener(name, () => putOff.size && setTimeout(resume));
  }

  document.addEventListener("live:look", (event) => {
    if (!isBusy(event.target)) return;
    putOff.add(event.target);
    event.preventDefault();
  });

  document.addEventListener("live:answer", (event) => {
    event.preventDefault();
    const region = event.target;
    if (isBusy(region)) {
      putOff.add(region);
      return;
    }
    const fresh = new DOMParser().parseFromString(event.detail, "text/html").getElementById(region.id);
    if (fresh) queueMicrotask(() => put(region, fresh)); // after htmx has done with the answer
  });

  // Rows of a steady list change where they stand; that others came or went is offered, not done.
  const offered = new WeakMap();

  function put(region, fresh) {
    if (!region.isConnected) return;
    const before = rowsOf(region);
    const after = rowsOf(fresh);
    const sameRows = before.length === after.length && before.every((row, place) => row.id === after[place].id);
    const steady = region.hasAttribute("data-steady") && before.length > 0;
    if (steady) holdColumns(region);
    if (!steady || sameRows) {
      offered.delete(region);
      renewWhole(region, fresh);
      return;
    }
    const standing = new Map(before.map((row) => [row.id, row]));
    const coming = new Set(after.map((row) => row.id));
    for (const row of after) if (standing.has(row.id)) renew(standing.get(row.id), row);
    const came = after.filter((row) => !standing.has(row.id)).length;
    const changes = Math.max(came, before.filter((row) => !coming.has(row.id)).length, 1);
    offered.set(region, fresh);
    const offer = region.querySelector("[data-offer]");
    const words = changes === 1 ? "Show 1 change" : `Show ${changes} changes`;
    if (offer.classList.contains("offer-made") && offer.textContent === words) return;
    offer.textContent = words;
    offer.classList.add("offer-made");
    spoken.textContent = changes === 1 ? "1 change in the list" : `${changes} changes in the list`;
  }

  document.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-offer]");
    const region = offer && offer.closest("[data-live]");
    if (!region || !offered.has(region)) return;
    const fresh = offered.get(region);
    offered.delete(region);
    letColumnsGo();
    renewWhole(region, fresh);
    const list = region.querySelector("[tabindex]");
    if (list) list.focus({ preventScroll: true });
  });

  // Columns stay as wide as they are: a shorter status must not move its neighbors.
  const columns = new CSSStyleSheet();
  document.adoptedStyleSheets.push(columns);

  function holdColumns(region) {
    if (columns.cssRules.length || region.querySelector(".rows-fixed")) return;
    const widths = [...region.querySelectorAll("thead th")].map((head) => head.getBoundingClientRect().width);
    const rules = widths.map((width, place) => `#${region.id} th:nth-child(${place + 1}) { width: ${width}px; }`);
    columns.replaceSync(rules.join(""));
  }

  function letColumnsGo() {
    columns.replaceSync("");
  }
  window.addEventListener("resize", letColumnsGo);

  function rowsOf(region) {
    return [...region.querySelectorAll("tbody > tr[id]")];
  }

  // Bringing a region up to date: what stays the same element keeps focus, scroll and what was unfolded in it.
  function renewWhole(region, fresh) {
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const said = textOf(region.querySelector("[data-say]"));
    renew(region, fresh);
    window.htmx.process(region);
    if (focused && !focused.isConnected) document.getElementById("main").focus({ preventScroll: true });
    const now = textOf(region.querySelector("[data-say]"));
    if (now !== said) spoken.textContent = now;
  }

  function textOf(element) {
    return element ? element.textContent.replace(/\s+/g, " ").trim() : "";
  }

  function renew(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
      return;
    }
    renewAttributes(old, fresh);
    renewChildren(old, fresh);
  }

  function renewAttributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && !isOfTheReader(old, name)) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !isOfTheReader(old, name)) old.removeAttribute(name);
    }
  }

  function isOfTheReader(element, name) {
    if (name === "width" || name === "class") return element.matches("col[width], table.rows-fixed");
    return (name === "open" && element.matches("details")) || (name === "aria-busy" && element.matches("form"));
  }

  function renewChildren(old, fresh) {
    const named = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
    const coming = new Set([...fresh.children].map((child) => child.id).filter(Boolean));
    const stays = (node) => Boolean(node.id) && coming.has(node.id);
    let at = old.firstChild;
    const drop = () => {
      const next = at.nextSibling;
      at.remove();
      at = next;
    };
    for (const next of [...fresh.childNodes]) {
      while (at && at.id && !stays(at)) drop();
      let match = next.id ? named.get(next.id) : at;
      if (!match || !isAlike(match, next)) {
        old.insertBefore(document.importNode(next, true), at);
        continue;
      }
      let between = at;
      while (between && between !== match && !stays(between)) between = between.nextSibling;
      if (between === match) while (at !== match) drop();
      else old.insertBefore(match, at); // it stands elsewhere now
      if (at === match) at = at.nextSibling;
      renew(match, next);
    }
    while (at) drop();
  }

  function isAlike(one, other) {
    return one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || "") === (other.id || "");
  }

  follow();
})();
