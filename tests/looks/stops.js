// What can be reached by Tab: `stops.collect()` numbers all of the page's content (or of its open dialog) in the order of
// the document; from `stops.begin()` on each one that gets the focus is written down, and `stops.told()` says which did.
(() => {
  const REACHABLE = "a[href], area[href], button, input, select, textarea, summary, iframe, [contenteditable], [tabindex]";
  const PRESSED = "[onclick], [hx-get], [hx-post], [role=button], [role=link], [role=menuitem], [role=checkbox], [role=tab]";
  const LOOKS = ["outlineStyle", "outlineWidth", "boxShadow", "borderColor", "backgroundColor", "textDecorationLine"];
  const rootOf = () => document.querySelector("#dialog:modal") || document.querySelector("main") || document.body;
  const short = (text) => (text || "").trim().replace(/\s+/g, " ").slice(0, 40);
  const nameOf = (one) => `${one.tagName.toLowerCase()} "${short(one.getAttribute("aria-label") || one.textContent)
    || one.name || one.id || one.getAttribute("class")}"`;
  const isThere = (one) =>
    one.tabIndex >= 0 && !one.disabled && one.type !== "hidden" && !one.closest("[inert]") &&
    one.checkVisibility({ visibilityProperty: true });
  const scrolls = (one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
  // What stays in place while the page scrolls under it.
  const lidOf = (one) => {
    for (; one; one = one.parentElement) if (["fixed", "sticky"].includes(getComputedStyle(one).position)) return one;
    return null;
  };
  // Where it lies, however far the page and what scrolls in it have been scrolled.
  const placeOf = (one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    let [x, y] = [0, 0];
    for (let outer = one.parentElement; outer; outer = outer.parentElement) {
      x += outer.scrollLeft;
      y += outer.scrollTop;
    }
    return [left + x, top + y, right + x, bottom + y];
  };
  // What may show that something has the focus: itself, or what stands for it where it is drawn by its label or row.
  const shownBy = (one) => [one, ...(one.labels || []), one.parentElement, one.closest("tr, label, li")].filter(Boolean);
  const looksOf = (one) =>
    shownBy(one).map((shown) => ["", "::before", "::after"].map((part) => {
      const style = getComputedStyle(shown, part);
      return LOOKS.map((name) => style[name]).join(" ");
    }).join(" | ")).join(" || ");
  const inGroup = (one) => {
    if (one.type !== "radio" || !one.name) return true;
    const group = [...(one.form || document).querySelectorAll("input[type=radio]")].filter((other) => other.name === one.name);
    const chosen = group.find((other) => other.checked);
    return chosen ? chosen === one : group.find(isThere) === one;
  };

  const hiddenBy = (one) => {
    const seen = one.getClientRects()[0] || one.getBoundingClientRect();
    const [x, y] = [seen.left + seen.width / 2, seen.top + seen.height / 2];
    if (y < 0 || y > innerHeight || x < 0 || x > innerWidth) return "is out of sight with the focus";
    const lid = lidOf(document.elementFromPoint(x, y));
    return lid && !lid.contains(one) ? `lies under ${nameOf(lid)}` : "";
  };

  let all = [];
  let rested = [];
  const collect = () => {
    const root = rootOf();
    all = [...root.querySelectorAll(REACHABLE)].filter((one) => isThere(one) && inGroup(one));
    const had = document.activeElement;
    if (had) had.blur();
    rested = all.map(looksOf);
    if (had) had.focus({ preventScroll: true });
    const mute = [...root.querySelectorAll(PRESSED)].filter(
      (one) => !one.matches("form, input, select, textarea") && one.checkVisibility() && one.tabIndex < 0 &&
        !one.querySelector(REACHABLE) && one.hasAttribute("role"),
    );
    return { names: all.map(nameOf), mute: mute.map(nameOf), ordered: all.filter((one) => one.tabIndex > 0).map(nameOf) };
  };

  // Where the focus went, step by step. Whether it is seen is asked when it comes; whether it lies in the open when it
  // goes, for by then the page has scrolled to it.
  let steps = [];
  const come = () => {
    go(); // nothing else tells that a frame was left
    const one = document.activeElement;
    if (!one || one === document.body) return;
    const number = all.indexOf(one);
    const wrong = number >= 0 && one.tagName !== "IFRAME" && looksOf(one) === rested[number] ? ["looks the same with the focus"] : [];
    const inside = number >= 0 || (rootOf() !== one && rootOf().contains(one) && !scrolls(one));
    steps.push({ one, number, inside, name: nameOf(one), wrong, box: null });
  };
  const go = () => {
    const step = steps[steps.length - 1];
    if (!step || step.box || step.number < 0) return;
    step.box = placeOf(step.one);
    if (step.one.tagName === "IFRAME") return; // the focus is inside
    if (!hiddenBy(step.one)) return;
    step.one.scrollIntoView({ block: "nearest" }); // what the browser does too, a moment after the focus has come
    const by = hiddenBy(step.one);
    if (by) step.wrong.push(by);
  };
  document.addEventListener("focusin", come, true);
  document.addEventListener("focusout", go, true);
  window.addEventListener("blur", come); // into a frame
  const told = () => {
    go();
    return steps.map(({ number, inside, name, wrong, box }) => ({ number, inside, name, wrong, box }));
  };
  const begin = () => {
    steps = [];
  };
  window.stops = { collect, begin, told };
})();
