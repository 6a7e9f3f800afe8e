// Lists: their head stays in sight, and rows are chosen: all of them by the box in the head, from one to another with
// Shift. What the choice adds up to, the server says.
(() => {
  "use strict";

  const boxes = () => [...document.querySelectorAll("tbody .choose input[type=checkbox]")];
  let last = null;

  function tell(box) {
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function showHead() {
    const head = document.querySelector("[data-choose-all]");
    if (!head) return;
    const all = boxes();
    const chosen = all.filter((box) => box.checked).length;
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }

  function chooseAll(checked) {
    const all = boxes();
    for (const box of all) box.checked = checked;
    if (all.length) tell(all[0]);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-choose-none]")) {
      chooseAll(false);
      return;
    }
    const box = event.target.closest("tbody .choose input");
    if (!box) return;
    const all = boxes();
    if (event.shiftKey && last && last.isConnected) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((one, other) => one - other);
      for (const between of all.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) chooseAll(event.target.checked);
    else showHead();
  });

  // The head of a table stays in sight where the table fits its frame; where it does not, the frame scrolls sideways.
  const table = document.querySelector(".table-sticky table");
  if (table) {
    const fit = () => {
      const fits = table.offsetWidth <= table.parentElement.clientWidth;
      document.documentElement.classList.toggle("table-fits", fits);
    };
    new ResizeObserver(fit).observe(table);
    window.addEventListener("resize", fit);
  }

  // A browser that goes back brings the boxes as they were.
  window.addEventListener("pageshow", () => {
    const chosen = boxes().find((box) => box.checked);
    if (chosen) tell(chosen);
  });
})();
