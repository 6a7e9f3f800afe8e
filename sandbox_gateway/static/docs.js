// Draws the gateway's documentation from its own OpenAPI document. Nothing is fetched from any other host.

import { curlOf, element, jsonView, prose } from "./docs-parts.js";
import { deeper, schemaView, useSchemas } from "./docs-schema.js";

const METHODS = ["get", "post", "patch", "delete"];
const contents = document.getElementById("contents");
const page = document.getElementById("page");
const search = document.getElementById("search");
const menu = document.getElementById("menu");

const answer = await fetch("/openapi.json");
if (!answer.ok) {
  page.append(note(`The OpenAPI document did not come (status ${answer.status}). Load this page again.`));
  throw new Error("no document");
}
const api = await answer.json();
useSchemas(api.components.schemas);
const entries = [...operations(), ...events(), ...schemas()];
const known = new Map(entries.map((entry) => [entry.id, entry]));

function operations() {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => {
      const operation = item[method];
      const own = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
      const parameters = own.map((one) => (one.$ref ? api.components.parameters[one.$ref.split("/").pop()] : one));
      return {
        id: operation.operationId,
        group: operation.tags[0],
        mark: method.toUpperCase(),
        title: operation.summary,
        detail: path,
        words: `${operation.operationId} ${operation.description ?? ""} ${method}`,
        draw: () => operationView(path, method, operation, parameters),
      };
    }),
  );
}

function events() {
  return Object.entries(api.webhooks).map(([type, item]) => ({
    id: `event/${type}`,
    group: "Webhooks",
    mark: "EVENT",
    title: type,
    detail: "",
    words: "webhook event",
    draw: () => eventView(type, item.post),
  }));
}

function schemas() {
  return Object.entries(api.components.schemas).map(([name, schema]) => ({
    id: `object/${name}`,
    group: "Objects",
    mark: "",
    title: name,
    detail: "",
    words: `object schema ${schema.description ?? ""}`,
    draw: () => [element("h1", {}, name), prose(schema.description), schemaView(schema)],
  }));
}

function operationView(path, method, operation, parameters) {
  const body = operation.requestBody?.content ?? {};
  const [kind] = Object.keys(body);
  const examples = Object.entries(body[kind]?.examples ?? {});
  const keyed = parameters.some((one) => one.name === "Idempotency-Key");
  const filled = parameters
    .filter((one) => one.in === "path" && one.example)
    .reduce((sofar, one) => sofar.replace(`{${one.name}}`, one.example), path);
  const curl = (example) => curlOf({ method, path: filled, example, keyed, open: operation.security?.length === 0 });
  return [
    element("p", { class: "above" }, operation.tags[0]),
    element("h1", {}, operation.summary),
    address(method, path),
    prose(operation.description),
    who(operation.security ?? []),
    parameters.length ? part("Parameters", parameterTable(parameters)) : null,
    kind ? part("Body", schemaView(body[kind].schema), kind === "application/json" ? null : note(kind)) : null,
    part("Try it", ...(examples.length ? examples.map(([, one]) => tryView(one, curl)) : [codeView(curl(null))])),
    part("Answers", ...Object.entries(operation.responses).map(([status, one]) => answerView(status, one))),
    followers(operation),
  ];
}

function eventView(type, operation) {
  const content = operation.requestBody.content["application/json"];
  return [
    element("p", { class: "above" }, "Webhooks"),
    element("h1", {}, type),
    prose("Sent by POST to every webhook endpoint that subscribes to it, signed as Standard Webhooks says."),
    part("Headers", parameterTable(operation.parameters)),
    part("Body", schemaView(content.schema)),
    ...Object.values(content.examples ?? {}).map((one) => part("Example", jsonView(one.value))),
  ];
}

function address(method, path) {
  const code = element("code", {}, path);
  return element("p", { class: "address" }, element("span", { class: `method ${method}` }, method.toUpperCase()), code);
}

function who(security) {
  if (security.length === 0) return note("No key is needed.");
  const publishable = security.some((one) => "publishableKey" in one);
  return note(publishable ? "Takes the secret or the publishable key." : "Takes the secret key.");
}

function note(text) {
  return element("p", { class: "note" }, text);
}

function part(title, ...children) {
  return element("section", {}, element("h2", {}, title), ...children);
}

function parameterTable(parameters) {
  const properties = Object.fromEntries(
    parameters.map((one) => [one.name, { description: one.description, ...one.schema }]),
  );
  const required = parameters.filter((one) => one.required).map((one) => one.name);
  return schemaView({ type: "object", properties, required });
}

function tryView(example, curl) {
  return element("div", { class: "try" }, example.summary === "example" ? null : note(example.summary), codeView(curl(example.value)));
}

function codeView(text) {
  const pre = element("pre", { class: "shell", tabindex: "0" }, text);
  const copy = element("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
    document.getElementById("said").textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  return element("div", { class: "code" }, pre, copy);
}

function answerView(status, answer) {
  const good = status < "4";
  const contents = Object.entries(answer.content ?? {});
  const shown = contents.flatMap(([kind, content]) => [
    kind.endsWith("json") ? null : note(kind),
    ...Object.entries(content.examples ?? {}).map(([name, one]) => exampleView(name, one, good)),
    kind === "application/problem+json" ? null : deeper(content.schema, "Its members"),
  ]);
  const summary = element("summary", {}, element("b", { class: good ? "good" : "bad" }, status), " ", prose(answer.description, true));
  return element("details", { class: "answer", open: good }, summary, ...shown);
}

function exampleView(name, example, open) {
  const title = example.summary ?? name;
  const summary = element("summary", {}, title === "example" ? "Example" : `Example: ${title}`);
  return element("details", { class: "example", open }, summary, jsonView(example.value));
}

function followers(operation) {
  const links = Object.values(operation.responses).flatMap((one) => Object.entries(one.links ?? {}));
  if (links.length === 0) return null;
  const items = links.map(([id, link]) => element("li", {}, element("a", { href: `#${id}` }, known.get(id).title)));
  return part("What can follow", element("ul", {}, ...items));
}

function home() {
  const first = curlOf({ method: "get", path: "/v1/account", example: null, keyed: false, open: false });
  const groups = api.tags.map((tag) => {
    const own = entries.find((entry) => entry.group === tag.name);
    return element("li", {}, element("a", { href: `#${own.id}` }, tag.name), element("span", {}, tag.description));
  });
  return [
    element("h1", {}, api.info.title),
    ...api.info.description.split("\n\n").map((text) => prose(text)),
    part("First call", note("Any key of this form is an account of its own. Nothing needs to be set up."), codeView(first)),
    part("What there is", element("ul", { class: "groups" }, ...groups)),
    element("p", {}, element("a", { href: "/openapi.json" }, "OpenAPI document"), " · ", element("a", { href: "/problems/" }, "Problem types")),
  ];
}

function drawContents() {
  const wanted = search.value.trim().toLowerCase().split(/\s+/);
  const found = entries.filter((entry) => {
    const text = `${entry.title} ${entry.detail} ${entry.group} ${entry.words}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const groups = Map.groupBy ? Map.groupBy(found, (entry) => entry.group) : grouped(found);
  const order = [...api.tags.map((tag) => tag.name), "Webhooks", "Objects"].filter((name) => groups.has(name));
  const lists = order.flatMap((name) => [
    element("h2", {}, name),
    element("ul", {}, ...groups.get(name).map((entry) => element("li", {}, entryLink(entry)))),
  ]);
  contents.replaceChildren(...(lists.length ? lists : [note("Nothing has these words.")]));
  markCurrent();
}

function grouped(found) {
  const groups = new Map();
  for (const entry of found) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  return groups;
}

function entryLink(entry) {
  const mark = entry.mark ? element("span", { class: `method ${entry.mark.toLowerCase()}` }, entry.mark) : null;
  const steps = entry.detail.split(/(?=\/)/).flatMap((one) => [element("wbr"), one]);
  const detail = entry.detail ? element("code", {}, ...steps) : null;
  return element("a", { href: `#${entry.id}` }, mark, element("span", { class: "title" }, entry.title), detail);
}

function markCurrent() {
  for (const link of contents.querySelectorAll("a")) {
    const here = decodeURIComponent(location.hash) === link.getAttribute("href");
    if (here) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest" });
    } else link.removeAttribute("aria-current");
  }
}

function drawPage(focus) {
  const entry = known.get(decodeURIComponent(location.hash.slice(1)));
  page.replaceChildren(...(entry ? entry.draw() : home()).filter(Boolean));
  document.title = `${entry ? entry.title : "API"} · Sandbox gateway`;
  document.body.classList.remove("open");
  menu.setAttribute("aria-expanded", "false");
  markCurrent();
  scrollTo(0, 0);
  if (focus) page.focus({ preventScroll: true });
}

function step(by) {
  const links = [...contents.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  (links[Math.max(0, at + by)] ?? links.at(-1))?.focus();
}

search.addEventListener("input", drawContents);
search.addEventListener("focus", () => document.body.classList.add("open"));
menu.addEventListener("click", () => {
  menu.setAttribute("aria-expanded", String(document.body.classList.toggle("open")));
});
addEventListener("hashchange", () => drawPage(true));
addEventListener("keydown", (event) => {
  const inside = contents.contains(document.activeElement);
  if (event.key === "/" && document.activeElement !== search) search.focus();
  else if (event.key === "Escape" && (inside || document.activeElement === search)) {
    search.value = "";
    drawContents();
    search.focus();
  } else if (event.key === "Enter" && document.activeElement === search) contents.querySelector("a")?.click();
  else if (event.key === "ArrowDown" && (inside || document.activeElement === search)) step(1);
  else if (event.key === "ArrowUp" && inside) step(-1);
  else return;
  event.preventDefault();
});

drawContents();
drawPage(false);
