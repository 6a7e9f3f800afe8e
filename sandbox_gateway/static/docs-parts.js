// Small pieces of the documentation: elements, prose with code in it, JSON in color, curl lines.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, "");
    else if (value !== false) made.setAttribute(attribute, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function prose(text, inline = false) {
  if (!text) return inline ? element("span") : null;
  const pieces = text.split("`").map((piece, place) => (place % 2 ? element("code", {}, piece) : piece));
  return element(inline ? "span" : "p", {}, ...pieces);
}

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?/g;

export function jsonView(value) {
  const text = JSON.stringify(value, null, 2);
  const pre = element("pre", { class: "json", tabindex: "0" });
  let done = 0;
  for (const found of text.matchAll(TOKENS)) {
    const [all, string, colon] = found;
    const kind = colon ? "name" : string ? "text" : "value";
    pre.append(text.slice(done, found.index), element("span", { class: kind }, string ?? all), colon ?? "");
    done = found.index + all.length;
  }
  pre.append(text.slice(done));
  return pre;
}

export function curlOf({ method, path, example, keyed, open }) {
  const lines = [`curl -s '${location.origin}${path}'`];
  if (!open) lines.push("-H 'Authorization: Bearer sk_test_tryitout1'");
  if (keyed) lines.push(`-H "Idempotency-Key: $(date +%s%N)"`);
  const body = example && Object.keys(example).length > 0;
  if (body) lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(example).replaceAll("'", "'\\''")}'`);
  if (method !== (body ? "post" : "get")) lines[0] = lines[0].replace("curl -s", `curl -s -X ${method.toUpperCase()}`);
  return lines.join(" \\\n  ");
}
