// The columns of a list, as wide as somebody wants them: by dragging the edge of a head, or by arrow keys on it. The
// server keeps the widths for this browser, so that the next page begins with them. The last column takes the rest.
(() => {
  "use strict";

  const [NARROWEST, WIDEST, LAST] = [48, 900, 140];
  const STEP = 10;
  const LARGE_STEP = 50;
  let drag = null;

  const tableOf = (edge) => edge.closest("table");
  const placeOf = (edge) => edge.closest("th").cellIndex;
  const colsOf = (table) => [...table.querySelectorAll("col")];

  // From now on columns are as wide as they are told, not as what is in them; they begin as wide as they stand.
  function fix(table) {
    if (table.classList.contains("rows-fixed")) return;
    const widths = [...table.tHead.rows[0].cells].map((head) => Math.round(head.getBoundingClientRect().width));
    const cols = colsOf(table);
    cols.slice(0, -1).forEach((col, place) => col.setAttribute("width", widths[place]));
    table.classList.add("rows-fixed");
    spread(table);
    window.dispatchEvent(new Event("resize")); // whoever had held the columns lets them go
  }

  function spread(table) {
    const widths = colsOf(table).slice(0, -1).map((col) => Number(col.getAttribute("width")));
    table.setAttribute("width", widths.reduce((sum, width) => sum + width, LAST));
  }

  function setWidth(edge, width) {
    const table = tableOf(edge);
    fix(table);
    const fits = Math.min(Math.max(Math.round(width), NARROWEST), WIDEST);
    colsOf(table)[placeOf(edge)].setAttribute("width", fits);
    edge.setAttribute("aria-valuenow", fits);
    spread(table);
  }

  const widthOf = (edge) => edge.closest("th").getBoundingClientRect().width;

  // As wide as the widest of what is in the column on this page.
  function fit(edge) {
    setWidth(edge, NARROWEST);
    const cells = [...tableOf(edge).rows].map((row) => row.cells[placeOf(edge)]);
    const needs = (cell) => {
      const { paddingLeft, paddingRight } = getComputedStyle(cell);
      const around = parseFloat(paddingLeft) + parseFloat(paddingRight);
      return Math.max(cell.scrollWidth, ...[...cell.children].map((child) => child.scrollWidth + around));
    };
    setWidth(edge, Math.max(...cells.map(needs)) + 2);
    keep(edge);
  }

  let waiting = 0;
  function keep(edge) {
    clearTimeout(waiting);
    const table = tableOf(edge);
    waiting = setTimeout(() => {
      const body = new URLSearchParams({ csrf_token: document.querySelector("#columns-choice [name=csrf_token]").value });
      for (const col of colsOf(table).slice(0, -1)) {
        if (col.dataset.column) body.append("width", `${col.dataset.column}-${col.getAttribute("width")}`);
      }
      fetch(table.dataset.widths, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
    }, 150);
  }

  const edgeAt = (event) => event.target.closest(".column-edge");

  function end(edge) {
    delete edge.dataset.choosing;
    drag = null;
    document.dispatchEvent(new CustomEvent("chosen")); // what waited for this may go on
  }

  document.addEventListener("pointerdown", (event) => {
    const edge = edgeAt(event);
    if (!edge || event.button !== 0) return;
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    edge.dataset.choosing = "";
    drag = { edge, from: event.clientX, width: widthOf(edge), moved: false };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag || !drag.edge.hasPointerCapture(event.pointerId)) return;
    if (event.clientX === drag.from && !drag.moved) return;
    drag.moved = true;
    setWidth(drag.edge, drag.width + event.clientX - drag.from);
  });
  document.addEventListener("pointerup", () => {
    if (!drag) return;
    if (drag.moved) keep(drag.edge);
    end(drag.edge);
  });
  document.addEventListener("pointercancel", () => drag && end(drag.edge));
  document.addEventListener("dblclick", (event) => {
    const edge = edgeAt(event);
    if (edge) fit(edge);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) {
      setWidth(drag.edge, drag.width);
      end(drag.edge);
      return;
    }
    const edge = edgeAt(event);
    if (!edge || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? LARGE_STEP : STEP;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      setWidth(edge, widthOf(edge) + (event.key === "ArrowRight" ? step : -step));
      keep(edge);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      toEdge(edge, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      fit(edge);
    } else {
      return;
    }
    event.preventDefault();
  });

  // One stop of the tab key for all edges; up and down go from column to column.
  function toEdge(edge, step) {
    const edges = [...tableOf(edge).querySelectorAll(".column-edge")];
    const next = edges[edges.indexOf(edge) + step];
    if (!next) return;
    edge.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
  document.addEventListener("focusin", (event) => {
    const edge = edgeAt(event);
    if (edge) edge.setAttribute("aria-valuenow", Math.round(widthOf(edge)));
  });
})();
