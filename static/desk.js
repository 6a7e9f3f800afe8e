// What a page does beyond its links and forms, which all work without this file. The only place that names htmx events.
(() => {
  "use strict";

  const dialog = document.getElementById("dialog");
  const dialogBody = document.getElementById("dialog-body");
  document.documentElement.classList.add("scripted");

  // Dialogs: what comes into the body is shown; the form inside starts with Cancel in focus.
  function showDialog() {
    if (!dialog.open) dialog.showModal();
    const first =
      dialogBody.querySelector("[aria-invalid]") ||
      dialogBody.querySelector("[role=alert]:not([hidden])") ||
      dialogBody.querySelector("[data-first]");
    if (first) first.focus();
    fillSums(dialogBody);
  }

  function isBusy() {
    return Boolean(dialogBody && dialogBody.querySelector(".htmx-request"));
  }

  if (dialog) {
    dialog.addEventListener("cancel", (event) => {
      if (isBusy()) event.preventDefault();
    });
    dialog.addEventListener("close", () => dialogBody.replaceChildren());
    dialog.addEventListener("click", (event) => {
      if (event.target.closest("[data-close]")) {
        event.preventDefault();
        if (!isBusy()) dialog.close();
      }
    });
  }

  // The button says the sum that was written, where it is one that may be sent; no sum is ever computed here.
  function isSendable(written, most) {
    const places = most.split(".")[1]?.length ?? 0;
    const plain = new RegExp(places ? `^\\d+(\\.\\d{1,${places}})?$` : "^\\d+$");
    return plain.test(written) && Number(written) > 0 && Number(written) <= Number(most);
  }
  function fillSums(root) {
    for (const shown of root.querySelectorAll("[data-sum]")) {
      const field = shown.closest("form").elements.namedItem("amount");
      const written = field ? field.value.trim() : "";
      shown.textContent = isSendable(written, shown.dataset.most) ? `${written} ${shown.dataset.sum}` : "";
    }
  }
  document.addEventListener("input", (event) => {
    if (event.target.name === "amount" && event.target.form) fillSums(event.target.form);
  });

  // A form that was sent is not sent again until the page answers.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once") || form.hasAttribute("hx-post")) return;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
    fillSums(document);
    const wrong = document.querySelector("main form [aria-invalid]");
    if (wrong) wrong.focus();
  });

  // Copying an id.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1200);
  });

  // Menus close as menus do; "/" leads to the search box.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const chosen = menu.contains(event.target) && event.target.closest("[hx-get]");
      if (chosen) menu.querySelector("summary").focus(); // what is chosen goes with the menu; its dialog leads back here
      if (chosen || !menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const typing = event.target.closest("input, textarea, select, dialog[open]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.getElementById("search");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    }
  });

  // htmx: what a page fetches again by itself goes through live.js, which says when and puts the answer in its place.
  function mayGoOn(region, name, detail) {
    return region.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (elt.hasAttribute("data-live") && !mayGoOn(elt, "live:look")) event.preventDefault();
    // What a button has asked while the field waited for the next letter is not asked again: it would wipe its answer away.
    const field = elt.form && elt.form.querySelector("[data-answered-by]");
    if (!field) return;
    const answer = document.getElementById(field.dataset.answeredBy);
    if (elt === field && answer.dataset.answers === field.value.trim()) event.preventDefault();
    else answer.dataset.answers = field.value.trim();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, shouldSwap, serverResponse } = event.detail;
    if (target.hasAttribute("data-live") && shouldSwap) {
      event.detail.shouldSwap = mayGoOn(target, "live:answer", serverResponse);
    }
    if (target === dialogBody && xhr.status >= 400) event.detail.shouldSwap = true;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialogBody) showDialog();
  });
  document.addEventListener("htmx:sendError", () => {
    const trouble = dialogBody && dialogBody.querySelector(".dialog-trouble");
    if (!trouble) return;
    trouble.textContent =
      "The desk did not answer, so whether it was done is not known. Close this and look at the order before you try again.";
    trouble.hidden = false;
  });
})();
