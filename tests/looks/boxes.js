// What is wrong with the boxes of the page as it stands: one line each for text that is cut off, text or controls that
// lie on one another, text that leaves its box, and a page wider than its window. Read from the boxes themselves.
() => {
  const found = [];
  const scope = document.querySelector("dialog[open]") || document.body;
  const styles = new Map();
  const styleOf = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };
  const parentOf = (element) => element.parentElement;
  const short = (text) => text.trim().replace(/\s+/g, " ").slice(0, 40);
  const nameOf = (element) => {
    const classes = (element.getAttribute("class") || "").trim().split(/\s+/).filter(Boolean).join(".");
    return element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "") + (classes ? `.${classes}` : "");
  };
  const edges = ({ left, top, right, bottom }) => ({ left, top, right, bottom });
  const across = (a, b) => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const isEmpty = (box) => box.right - box.left < 1 || box.bottom - box.top < 1;
  const isShown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });

  // What remains of a box within all that cuts it; null if nothing does. Told in words if something is cut off that
  // nobody can scroll to or read elsewhere.
  function cut(box, element, what) {
    let rest = edges(box);
    let position = "static";
    for (let one = element; one && one !== document.documentElement; one = parentOf(one)) {
      const style = styleOf(one);
      const holds = position !== "absolute" || style.position !== "static";
      if (holds && one !== document.body && style.overflowX !== "visible") {
        if (one.clientWidth <= 1 && one.clientHeight <= 1) return null; // for those who listen
        const frame = one.getBoundingClientRect();
        const scrolls = ["auto", "scroll"];
        const beyondX = rest.left < frame.left - 1.5 || rest.right > frame.right + 1.5;
        const beyondY = rest.top < frame.top - 1.5 || rest.bottom > frame.bottom + 1.5;
        const isReadElsewhere = style.textOverflow === "ellipsis" && one.closest("[title]");
        const lostX = beyondX && !scrolls.includes(style.overflowX) && !isReadElsewhere;
        const lostY = beyondY && !scrolls.includes(style.overflowY);
        if (what && (lostX || lostY)) found.push(`cut off: "${what}" in ${nameOf(one)}`);
        rest = across(rest, frame);
        if (isEmpty(rest)) return null;
      }
      if (style.position === "fixed") break;
      if (holds) position = style.position;
    }
    if (rest.right <= 0 || rest.bottom <= 0) return null; // kept out of sight until it is wanted, as a skip link is
    if (what && rest.left < -1.5) found.push(`cut off: "${what}" at the left edge of the page`);
    return rest;
  }

  // What lies over the page on purpose: a menu, a bar that stays.
  function layerOf(element) {
    for (let one = element; one; one = parentOf(one)) {
      const style = styleOf(one);
      if (style.position !== "static" && style.zIndex !== "auto" && style.zIndex !== "0") return one;
    }
    return null;
  }

  // The nearest box with a border or a background of its own.
  function paperOf(element) {
    for (let one = element; one && one !== document.body; one = parentOf(one)) {
      if (one instanceof SVGElement) continue;
      const style = styleOf(one);
      if (style.display === "inline" || style.display === "contents") continue;
      const isFilled = style.backgroundColor !== "rgba(0, 0, 0, 0)";
      if (isFilled || parseFloat(style.borderLeftWidth) + parseFloat(style.borderTopWidth) > 0) return one;
    }
    return null;
  }

  const items = [];
  function note(kind, element, box, what) {
    items.push({ kind, element, box, what, layer: layerOf(element) });
  }

  const unread = "script, style, noscript, template, option, textarea, title, desc";
  const texts = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const element = text.parentElement;
    if (!text.data.trim() || element.closest(unread) || !isShown(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const line of range.getClientRects()) {
      if (isEmpty(line)) continue;
      const what = short(text.data);
      const rest = cut(line, element, what);
      if (!rest) continue;
      const paper = paperOf(element);
      if (paper) {
        const frame = paper.getBoundingClientRect();
        if (rest.left < frame.left - 1.5 || rest.right > frame.right + 1.5 || rest.bottom > frame.bottom + 3) {
          found.push(`leaves its box: "${what}" in ${nameOf(paper)}`);
        }
      }
      const slack = (rest.bottom - rest.top) * 0.15; // a line's box is taller than its letters
      note("text", element, { ...rest, top: rest.top + slack, bottom: rest.bottom - slack }, what);
    }
  }

  const pen = document.createElement("canvas").getContext("2d");
  const widthOf = (text, style) => {
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return pen.measureText(text).width;
  };
  for (const control of scope.querySelectorAll("input, select, textarea, button, summary, img, svg")) {
    if (control.matches("[type=hidden]") || parentOf(control).closest("svg") || !isShown(control)) continue;
    if (!control.matches("img, svg") && paperOf(control) !== control) continue; // no box to be seen
    const box = control.getBoundingClientRect();
    const rest = isEmpty(box) ? null : cut(box, control, "");
    if (!rest) continue;
    note("control", control, rest, nameOf(control));
    if (!control.matches("input:not([type=checkbox], [type=radio], [type=date]), select")) continue;
    const isSelect = control.matches("select");
    const chosen = isSelect ? control.selectedOptions[0] : null;
    const shown = isSelect ? (chosen ? chosen.text : "") : control.value || control.placeholder;
    if (!shown) continue;
    const style = styleOf(control);
    const left = box.left + parseFloat(style.borderLeftWidth) + parseFloat(style.paddingLeft);
    const right = box.right - parseFloat(style.borderRightWidth) - parseFloat(style.paddingRight);
    const wide = widthOf(shown.trim(), style);
    if (wide > right - left + 1.5 && (isSelect || !control.value)) {
      found.push(`cut off: "${short(shown)}" in ${nameOf(control)}`);
    }
    const isAtEnd = style.textAlign === "right" || style.textAlign === "end";
    const written = Math.min(wide, right - left);
    const inside = { ...edges(box), left: isAtEnd ? right - written : left, right: isAtEnd ? right : left + written };
    note("text", control, across(inside, { ...rest, top: rest.top + 6, bottom: rest.bottom - 6 }), short(shown));
  }

  items.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < items.length; i += 1) {
    const a = items[i];
    for (let j = i + 1; j < items.length && items[j].box.top < a.box.bottom; j += 1) {
      const b = items[j];
      if (a.layer !== b.layer || a.element === b.element) continue;
      const shared = across(a.box, b.box);
      if (shared.right - shared.left <= 2 || shared.bottom - shared.top <= 2) continue;
      const isNested = a.element.contains(b.element) || b.element.contains(a.element);
      if (isNested && (a.kind === "control" || b.kind === "control")) continue;
      // An icon or a key's name that was laid into a field: fine, as long as it does not cover what is written there.
      const laid = [a, b].find((one) => styleOf(one.element).position === "absolute");
      const under = laid === a ? b : a;
      if (laid && under.kind === "control" && under.element.matches("input")) continue;
      found.push(`on one another: "${a.what}" (${nameOf(a.element)}) and "${b.what}" (${nameOf(b.element)})`);
    }
  }

  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.body.querySelectorAll("*")].filter((element) => {
      const box = element.getBoundingClientRect();
      const rest = isShown(element) && !isEmpty(box) ? cut(box, element, "") : null;
      return rest && rest.right > page.clientWidth + 0.5;
    });
    const outermost = wide.filter((element) => !wide.includes(parentOf(element)));
    found.push(`wider than its window by ${page.scrollWidth - page.clientWidth} px: ${outermost.map(nameOf).join(", ")}`);
  }
  return [...new Set(found)];
}
