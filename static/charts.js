// Charts over days: some of them are chosen by dragging over a chart, or by arrow keys, and the page shows those alone.
// Without this file each day is a link, and the form above the charts chooses days as well.
(() => {
  "use strict";

  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -7, PageUp: 7, Home: -Infinity, End: Infinity };

  // What is being chosen: in which chart, from which day to which, and by which pointer.
  let now = null;
  let justDragged = false;

  const daysOf = (chart) => [...chart.querySelectorAll("a[data-day]")];

  function inWords(day) {
    const [year, month, number] = day.split("-").map(Number);
    return `${number} ${MONTHS[month - 1]} ${year}`;
  }

  function told(days, from, to) {
    if (from === to) return days[from].querySelector("title").textContent;
    return `${inWords(days[from].dataset.day)} to ${inWords(days[to].dataset.day)}: ${to - from + 1} days`;
  }

  function show() {
    const { chart, begin, end } = now;
    const days = daysOf(chart);
    const [from, to] = [Math.min(begin, end), Math.max(begin, end)];
    const words = told(days, from, to);
    const mark = chart.querySelector(".chart-range-days");
    mark.setAttribute("x", `${(from / days.length) * 100}%`);
    mark.setAttribute("width", `${((to - from + 1) / days.length) * 100}%`);
    chart.querySelector(".chart-range-told").textContent = words;
    chart.dataset.choosing = "";
    const chooser = chart.querySelector(".chart-chooser");
    chooser.setAttribute("aria-valuenow", end + 1);
    chooser.setAttribute("aria-valuetext", words);
  }

  function letGo() {
    if (!now) return;
    const { chart } = now;
    now = null;
    delete chart.dataset.choosing;
    document.dispatchEvent(new CustomEvent("chosen")); // what waited for this may go on
  }

  function open() {
    const { chart, begin, end } = now;
    const days = daysOf(chart);
    const address = new URL(chart.dataset.range, location.href);
    address.searchParams.set("since", days[Math.min(begin, end)].dataset.day);
    address.searchParams.set("until", days[Math.max(begin, end)].dataset.day);
    location.assign(address);
  }

  // By pointer: what begins on one day and ends on another.
  function dayAt(chart, x) {
    const plot = chart.querySelector(".chart-plot").getBoundingClientRect();
    const number = daysOf(chart).length;
    return Math.min(Math.max(Math.floor(((x - plot.left) / plot.width) * number), 0), number - 1);
  }

  document.addEventListener("pointerdown", (event) => {
    justDragged = false;
    const plot = event.target.closest("[data-range] .chart-plot");
    if (!plot || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const chart = plot.closest(".chart");
    const day = dayAt(chart, event.clientX);
    now = { chart, begin: day, end: day, pointer: event.pointerId };
  });
  document.addEventListener("pointermove", (event) => {
    if (!now || now.pointer !== event.pointerId) return;
    const end = dayAt(now.chart, event.clientX);
    if (end === now.end) return;
    now.end = end;
    now.chart.querySelector(".chart-plot").setPointerCapture(event.pointerId);
    show();
  });
  document.addEventListener("pointerup", (event) => {
    if (!now || now.pointer !== event.pointerId) return;
    if ("choosing" in now.chart.dataset) {
      justDragged = true; // and not a click on the day below
      open();
    }
    letGo();
  });
  document.addEventListener("pointercancel", letGo);
  document.addEventListener(
    "click",
    (event) => {
      if (justDragged && event.target.closest(".chart-plot")) event.preventDefault();
      justDragged = false;
    },
    true,
  );
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest && event.target.closest("[data-range] .chart-plot")) event.preventDefault();
  });

  // By keys.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      letGo();
      return;
    }
    const chooser = event.target.closest(".chart-chooser");
    if (!chooser || event.ctrlKey || event.metaKey || event.altKey) return;
    const chart = chooser.closest(".chart");
    if (event.key === "Enter" && now) {
      event.preventDefault();
      open();
    } else if (event.key in STEPS) {
      event.preventDefault();
      const last = daysOf(chart).length - 1;
      const goesOn = now && now.chart === chart;
      const place = goesOn ? now.end : last;
      // The first key shows where one is; the next ones go from there.
      const end = Math.min(Math.max(place + (goesOn || event.shiftKey ? STEPS[event.key] : 0), 0), last);
      now = { chart, begin: event.shiftKey ? (goesOn ? now.begin : last) : end, end };
      show();
    }
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.matches(".chart-chooser")) letGo();
  });
})();
