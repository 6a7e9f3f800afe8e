// What axe finds: one line for each node. With `passed`, only texts are judged that are drawn as none was that passed
// before, one of each kind; what is drawn and passes now is told. A text's colors, and those of all that lies behind it
// up to a color that covers, are the same for all of a kind; what is lifted out of its place is a kind of its own.
async ({ passed, ...options }) => {
  const lines = ({ violations }) =>
    violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(" ")}`));
  const settings = { resultTypes: ["violations"], preload: false, ...options };
  if (!passed) return { found: lines(await axe.run(settings)), passed: [] };

  const styles = new Map();
  const styleOf = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };
  const hasText = (element) =>
    element.matches("input, select, textarea") || [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  const kindOf = (element) => {
    const own = styleOf(element);
    const parts = [element.localName, own.color, own.fontSize, own.fontWeight, own.textShadow, own.textDecorationLine];
    if (element.parentElement) parts.push(styleOf(element.parentElement).color, element.disabled, element.ariaDisabled);
    let isLifted = false;
    for (let one = element; one; one = one.parentElement) {
      const style = styleOf(one);
      parts.push(style.backgroundColor, style.backgroundImage, style.opacity, style.filter);
      if (/^rgb\(/.test(style.backgroundColor) && style.backgroundImage === "none") break; // it covers what is behind
      isLifted ||= ["absolute", "fixed", "sticky"].includes(style.position);
    }
    return isLifted ? null : parts.join("|");
  };

  const known = new Set(passed);
  const judged = new Map();
  const alone = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (!hasText(element) || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const kind = kindOf(element);
    if (kind === null) alone.push(element);
    else if (!known.has(kind) && !judged.has(kind)) judged.set(kind, element);
  }
  const include = [...judged.values(), ...alone];
  if (!include.length) return { found: [], passed: [] };
  const told = await axe.run({ include }, { ...settings, elementRef: true, resultTypes: ["violations", "passes"] });
  const fine = new Set(told.passes.filter(({ id }) => id === "color-contrast").flatMap(({ nodes }) => nodes.map((one) => one.element)));
  const wrong = new Set(told.violations.flatMap(({ nodes }) => nodes.map((one) => one.element)));
  const kept = [...judged].filter(([, element]) => fine.has(element) && !wrong.has(element)).map(([kind]) => kind);
  return { found: lines(told), passed: kept };
}
