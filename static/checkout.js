// The customer's page: the card goes from here straight to the gateway, and only the token that comes back is sent on.
(() => {
  "use strict";

  const form = document.getElementById("pay");
  if (form) takeCards(form);
  for (const waiting of document.querySelectorAll("[data-version]")) lookAgain(waiting.dataset.version);
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  document.querySelector("[data-focus]")?.focus();

  // Whatever comes of it is the server's to say: once it has news, the page is loaded anew.
  function lookAgain(version) {
    const every = setInterval(async () => {
      if (document.hidden) return;
      const answer = await fetch(document.body.dataset.page, { headers: { "X-Seen": version } }).catch(() => null);
      if (!answer || answer.status === 204 || answer.status >= 500) return;
      clearInterval(every);
      location.replace(document.body.dataset.page);
    }, 3000);
  }

  function takeCards(form) {
    const box = (name) => document.getElementById(`card-${name}`);
    const number = box("number");
    const expiry = box("expiry");
    const cvc = box("cvc");
    const holder = box("name");
    const trouble = document.getElementById("pay-trouble");
    const networks = [
      ["American Express", /^3[47]/],
      ["Visa", /^4/],
      ["Mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/],
      ["Discover", /^6(011|4[4-9]|5)/],
      ["Diners Club", /^3(0[0-5]|[689])/],
      ["JCB", /^35/],
      ["UnionPay", /^62/],
    ];
    const digits = (text) => text.replace(/\D/g, "");
    // The last digit of a number is made of the others, so that most slips of a finger show at once.
    const checks = (text) =>
      [...text].reverse().reduce((sum, digit, at) => {
        const value = Number(digit) * (1 + (at % 2));
        return sum + (value > 9 ? value - 9 : value);
      }, 0) % 10 === 0;
    const networkOf = (text) => networks.find(([, begins]) => begins.test(text))?.[0] ?? "";

    // Groups as they are printed; the cursor stays behind the digit it stood behind.
    function write(input, text, written) {
      const behind = digits(input.value.slice(0, input.selectionStart)).length;
      input.value = written;
      let at = 0;
      for (let seen = 0; at < written.length && seen < behind; at += 1) if (/\d/.test(written[at])) seen += 1;
      if (document.activeElement === input) input.setSelectionRange(at, at);
    }
    function writeNumber() {
      const found = digits(number.value).slice(0, 19);
      const network = networkOf(found);
      const groups = network === "American Express" ? /^(\d{1,4})(\d{1,6})?(\d{1,5})?/ : /(\d{1,4})/g;
      const parts = network === "American Express" ? (found.match(groups) || []).slice(1) : found.match(groups) || [];
      write(number, found, parts.filter(Boolean).join(" "));
      document.getElementById("pay-network").textContent = network;
      cvc.placeholder = network === "American Express" ? "1234" : "123";
    }
    function writeExpiry(event) {
      let found = digits(expiry.value);
      if (/^[2-9]/.test(found)) found = `0${found}`;
      if (found.length === 6 && found.slice(2, 4) === "20") found = found.slice(0, 2) + found.slice(4);
      found = found.slice(0, 4);
      const takesBack = event && event.inputType && event.inputType.startsWith("delete");
      const parts = [found.slice(0, 2), found.slice(2)];
      expiry.value = found.length > 2 || (found.length === 2 && !takesBack) ? parts.join(" / ") : found;
    }
    number.addEventListener("input", writeNumber);
    expiry.addEventListener("input", writeExpiry);
    cvc.addEventListener("input", () => {
      cvc.value = digits(cvc.value).slice(0, 4);
    });
    form.addEventListener("input", (event) => {
      if (event.target.hasAttribute("aria-invalid")) right(event.target);
    });
    for (const preset of form.querySelectorAll("[data-number]")) {
      preset.addEventListener("click", () => {
        number.value = preset.dataset.number;
        expiry.value = preset.dataset.expiry;
        cvc.value = preset.dataset.cvc;
        writeNumber();
        for (const one of [number, expiry, cvc]) right(one);
        form.querySelector("[type=submit]").focus();
      });
    }

    const wordsOf = (input) => document.getElementById(`${input.id}-wrong`);
    function right(input) {
      input.removeAttribute("aria-invalid");
      wordsOf(input).hidden = true;
    }
    function wrong(input) {
      input.setAttribute("aria-invalid", "true");
      wordsOf(input).hidden = false;
    }
    function tell(what) {
      for (const words of trouble.querySelectorAll("[data-trouble]")) words.hidden = words.dataset.trouble !== what;
      trouble.hidden = false;
      trouble.focus();
    }

    function card() {
      const until = digits(expiry.value);
      const found = {
        number: digits(number.value),
        exp_month: Number(until.slice(0, 2)),
        exp_year: 2000 + Number(until.slice(2)),
        cvc: digits(cvc.value),
      };
      if (holder.value.trim()) found.name = holder.value.trim();
      const asked = [
        [number, found.number.length >= 12 && checks(found.number)],
        [expiry, until.length === 4 && found.exp_month >= 1 && found.exp_month <= 12],
        [cvc, found.cvc.length === (networkOf(found.number) === "American Express" ? 4 : 3)],
      ];
      for (const [input, isRight] of asked) (isRight ? right : wrong)(input);
      const first = asked.find(([, isRight]) => !isRight);
      if (first) first[0].focus();
      return first ? null : found;
    }

    function explain(problem) {
      const where = JSON.stringify([problem.code, problem.param, problem.errors]);
      if (problem.code === "live_card_refused") return tell("live");
      const box = [
        [number, /number/],
        [expiry, /exp/],
        [cvc, /cvc/],
        [holder, /name/],
      ].find(([, names]) => names.test(where));
      if (!box) return tell("other");
      wrong(box[0]);
      box[0].focus();
    }

    function rest() {
      form.removeAttribute("aria-busy");
    }

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.getAttribute("aria-busy") === "true") return;
      trouble.hidden = true;
      const found = card();
      if (!found) return;
      form.setAttribute("aria-busy", "true");
      let answer;
      let told;
      try {
        answer = await fetch(form.dataset.tokens, {
          method: "POST",
          headers: { Authorization: `Bearer ${form.dataset.key}`, "Content-Type": "application/json" },
          body: JSON.stringify({ card: found, amount: Number(form.dataset.amount), currency: form.dataset.currency }),
          credentials: "omit",
          referrerPolicy: "no-referrer",
        });
        told = await answer.json();
      } catch {
        rest();
        return tell("silent");
      }
      if (answer.status === 201) {
        form.elements.namedItem("token").value = told.id;
        form.submit();
        return;
      }
      rest();
      if (answer.status === 429 || answer.status >= 500) return tell("silent");
      explain(told);
    });
    // A page that a browser keeps holds no card; brought back, it is ready for another.
    addEventListener("pagehide", () => {
      for (const input of [number, expiry, cvc]) input.value = "";
    });
    addEventListener("pageshow", () => {
      rest();
      form.elements.namedItem("token").value = "";
    });
  }
})();
