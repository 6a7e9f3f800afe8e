// JSON schemas for people: each member with its type, its bounds and what it is; deeper members open on demand.

import { element, prose } from "./docs-parts.js";

let known = {};

const MOST_CHOICES = 24;

export function useSchemas(schemas) {
  known = schemas;
}

export function schemaView(schema) {
  const whole = resolved(schema);
  if (whole.properties) return members(whole);
  const choices = choicesOf(whole);
  if (choices.length > 1) return element("div", {}, ...choices.map((one) => deeper(one, typeOf(one))));
  return element("p", {}, typeOf(schema));
}

function members(schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties).map(([name, member]) => row(name, member, required.has(name)));
  return element("dl", { class: "members" }, ...rows);
}

function row(name, member, required) {
  const [only] = choicesOf(member);
  const inside = only?.items ? only.items : only;
  const bounds = boundsOf({ ...resolved(only ?? member), ...member });
  return element(
    "div",
    {},
    element("dt", {}, element("code", {}, name), required ? element("span", { class: "required" }, "required") : null),
    element(
      "dd",
      {},
      element("span", { class: "type" }, typeOf(member), bounds ? `, ${bounds}` : ""),
      prose(member.description ?? only?.description),
      ...nested(member, inside),
    ),
  );
}

function nested(member, inside) {
  const choices = choicesOf(member);
  if (choices.length > 1) return choices.filter((one) => resolved(one).properties).map((one) => deeper(one, typeOf(one)));
  return inside && resolved(inside).properties ? [deeper(inside, "its members")] : [];
}

export function deeper(schema, title) {
  const made = element("details", {}, element("summary", {}, title));
  // Filled when opened: some schemas hold a great deal.
  made.addEventListener("toggle", () => made.childElementCount === 1 && made.append(schemaView(schema)));
  return made;
}

function resolved(schema) {
  return schema?.$ref ? known[nameOf(schema)] : schema;
}

function nameOf(schema) {
  return schema.$ref.split("/").pop();
}

function choicesOf(schema) {
  const choices = schema.anyOf ?? schema.oneOf ?? [schema];
  return choices.filter((one) => one.type !== "null");
}

function typeOf(schema) {
  if (schema.$ref) return nameOf(schema);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum?.length > MOST_CHOICES) return `one of ${schema.enum.length} names`;
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.type === "array") return `array of ${typeOf(schema.items ?? {})}`;
  if (schema.additionalProperties?.type) return `object of ${typeOf(schema.additionalProperties)}`;
  return { string: schema.format ?? "string" }[schema.type] ?? schema.type ?? "any";
}

// A longer pattern says less to people than the description beside it.
const LONGEST_PATTERN = 30;

function boundsOf(schema) {
  const { minLength: least, maxLength: most, minimum, maximum, maxItems, pattern } = schema;
  const bounds = [];
  if (most !== undefined && least === most) bounds.push(`${most} characters`);
  else if (most !== undefined) bounds.push(least ? `${least} to ${most} characters` : `at most ${most} characters`);
  if (minimum !== undefined && maximum !== undefined) bounds.push(`${minimum} to ${maximum}`);
  if (maxItems !== undefined) bounds.push(`at most ${maxItems}`);
  if (pattern && pattern.length <= LONGEST_PATTERN) bounds.push(`matching ${pattern}`);
  if (schema.default !== undefined) bounds.push(`default ${JSON.stringify(schema.default)}`);
  return bounds.join(", ");
}
