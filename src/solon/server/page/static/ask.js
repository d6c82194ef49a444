// The form: a conversation, responses, and how to judge them; votes go into a reading as they arrive.

import { Fault, ask, el, letter, lines, say } from "./dom.js";
import { Reading } from "./reading.js";

const EXAMPLE = {
  prompt: "My sourdough is dense and gummy. What should I change first?",
  responses: [
    "Let it ferment longer. A dense, gummy crumb is most often underproofed dough: wait until it has grown by about " +
      "three quarters, is domed and jiggles. Then bake until the middle is at 96 °C, and let it cool for two hours " +
      "before you cut it.",
    "Sourdough is a wonderful tradition with a long history! There are many possible reasons. You could try another " +
      "flour, or another recipe. Good luck with your baking!",
  ],
};

export function judging(about) {
  return new Form(about).element;
}

class Form {
  constructor(about) {
    this.about = about;
    this.turnRows = [];
    this.responseRows = [];
    this.fault = el("p", { class: "notice", role: "alert", hidden: true });
    this.result = el("div", { class: "result" });
    this.element = el("div", { class: "judging" }, this.form(), this.result);
    this.addResponse("", false);
    this.addResponse("", false);
    this.addTurn("user", "", false);
  }

  form() {
    const { about } = this;
    this.text = el("textarea", { id: "prompt", rows: 4, autocomplete: "off" });
    this.asText = el("input", { type: "radio", name: "kind", checked: true, onchange: () => this.choose() });
    this.asTurns = el("input", { type: "radio", name: "kind", onchange: () => this.choose() });
    this.turns = el("div", { class: "rows" });
    this.more = el("button", { type: "button", onclick: () => this.addTurn(this.nextRole(), "", true) }, "Add a turn");
    this.inTurns = el("div", { hidden: true }, this.turns, this.more);
    this.inText = el("div", {}, el("label", { for: "prompt" }, "What was asked"), this.text);
    this.responses = el("div", { class: "rows" });
    this.another = el("button", { type: "button", onclick: () => this.addResponse("", true) }, "Add a response");
    this.k = el("input", {
      id: "k", type: "number", min: 1, max: about.most_k, value: about.k, required: true, disabled: about.fixed_k,
    });
    this.principles = el("textarea", { id: "principles", rows: 3 });
    this.reference = el("textarea", { id: "reference", rows: 3 });
    this.go = el("button", { class: "primary", type: "submit" }, "Judge");
    this.stop = el("button", { type: "button", hidden: true, onclick: () => this.abort?.abort() }, "Stop");
    this.example = el("button", { class: "quiet", type: "button", onclick: () => this.fill() }, "Fill in an example");
    return el("form", { novalidate: true, onsubmit: (event) => this.submit(event), onkeydown: (e) => this.keyed(e) },
      el("h1", {}, "Judge responses"),
      el("p", { class: "lead" }, "Paste what was asked and what was answered. Each vote writes its principles, ",
        "critiques every response and scores it; the votes appear as they arrive."),
      el("fieldset", {}, el("legend", {}, "Conversation"),
        el("div", { class: "choice" },
          el("label", {}, this.asText, " One text"), el("label", {}, this.asTurns, " Turns with roles")),
        this.inText, this.inTurns),
      el("fieldset", {}, el("legend", {}, "Responses"), this.responses, this.another),
      el("details", { class: "extra" }, el("summary", {}, "Principles and reference"),
        el("label", { for: "principles" }, "Given principles, one a line"), this.principles,
        el("label", { for: "reference" }, "An answer known to be right"), this.reference),
      this.fault,
      el("div", { class: "actions" },
        el("div", { class: "short" }, el("label", { for: "k" }, "Votes"), this.k), this.go, this.stop, this.example),
    );
  }

  choose() {
    this.inText.hidden = this.asTurns.checked;
    this.inTurns.hidden = !this.asTurns.checked;
  }

  nextRole() {
    return this.turnRows.at(-1)?.role.value === "user" ? "assistant" : "user";
  }

  addTurn(role, text, focus) {
    const roles = ["system", "user", "assistant"].map((name) => el("option", { value: name }, name));
    const row = { role: el("select", {}, roles), text: el("textarea", { rows: 2 }) };
    row.role.value = role;
    row.text.value = text;
    row.remove = el("button", { type: "button", class: "quiet", onclick: () => this.drop(this.turnRows, row, 1) }, "Remove");
    row.element = el("div", { class: "row" }, el("div", { class: "row-head" }, row.role, row.remove), row.text);
    this.put(this.turnRows, row, this.turns, focus);
  }

  addResponse(text, focus) {
    const row = { label: el("label", {}), text: el("textarea", { rows: 4 }) };
    row.text.value = text;
    row.remove = el("button", { type: "button", class: "quiet", onclick: () => this.drop(this.responseRows, row, 1) }, "Remove");
    row.element = el("div", { class: "row" }, el("div", { class: "row-head" }, row.label, row.remove), row.text);
    this.put(this.responseRows, row, this.responses, focus);
  }

  put(rows, row, parent, focus) {
    rows.push(row);
    parent.append(row.element);
    this.renumber();
    if (focus) row.text.focus();
  }

  drop(rows, row) {
    const at = rows.indexOf(row);
    rows.splice(at, 1);
    row.element.remove();
    this.renumber();
    (rows[at] ?? rows.at(-1)).text.focus();
  }

  renumber() {
    this.turnRows.forEach((row, i) => {
      row.role.setAttribute("aria-label", `Role of turn ${i + 1}`);
      row.text.setAttribute("aria-label", `Turn ${i + 1}`);
      row.remove.setAttribute("aria-label", `Remove turn ${i + 1}`);
      row.remove.hidden = this.turnRows.length < 2;
    });
    this.responseRows.forEach((row, i) => {
      row.text.id = `response-${i}`;
      row.label.htmlFor = row.text.id;
      row.label.textContent = `Response ${letter(i)}`;
      row.remove.setAttribute("aria-label", `Remove response ${letter(i)}`);
      row.remove.hidden = this.responseRows.length < 2;
    });
    this.another.disabled = this.responseRows.length >= this.about.most_responses;
  }

  fill() {
    this.asText.checked = true;
    this.choose();
    this.text.value = EXAMPLE.prompt;
    while (this.responseRows.length > 2) this.responseRows.pop().element.remove();
    while (this.responseRows.length < 2) this.addResponse("", false);
    EXAMPLE.responses.forEach((text, i) => (this.responseRows[i].text.value = text));
    this.renumber();
    this.go.focus();
  }

  keyed(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.element.querySelector("form").requestSubmit();
  }

  body() {
    const turns = this.turnRows.map((row) => ({ role: row.role.value, content: row.text.value }));
    const principles = this.principles.value.split("\n").map((line) => line.trim()).filter(Boolean);
    return {
      prompt: this.asTurns.checked ? turns : this.text.value,
      responses: this.responseRows.map((row) => row.text.value),
      principles,
      reference: this.reference.value.trim() ? this.reference.value : null,
      k: this.about.fixed_k ? null : Number(this.k.value),
    };
  }

  lacking() {
    const asked = this.asTurns.checked ? this.turnRows.map((row) => row.text) : [this.text];
    const empty = asked.find((field) => !field.value.trim());
    if (empty) return [empty, "Paste what was asked."];
    const blank = this.responseRows.findIndex((row) => !row.text.value.trim());
    if (blank >= 0) return [this.responseRows[blank].text, `Response ${letter(blank)} is empty: paste it, or remove it.`];
    if (!this.k.validity.valid) return [this.k, `Choose 1 to ${this.about.most_k} votes.`];
    return null;
  }

  complain(message, field = null) {
    this.element.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
    this.fault.hidden = !message;
    this.fault.textContent = message;
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
  }

  async submit(event) {
    event.preventDefault();
    if (this.abort) return;
    const lacking = this.lacking();
    this.complain(lacking?.[1] ?? "", lacking?.[0]);
    if (lacking) return;
    this.abort = new AbortController();
    this.busy(true);
    try {
      await this.judge();
    } catch (error) {
      if (error.name === "AbortError") say("Stopped.");
      else if (error.status === 401) location.reload();
      else if (error instanceof Fault) this.complain(error.message);
      else this.complain("The connection broke off before the verdict.");
      this.reading?.broken();
    } finally {
      this.abort = null;
      this.busy(false);
    }
  }

  async judge() {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(this.body());
    const answer = await ask("/page/judge", { method: "POST", headers, body, signal: this.abort.signal });
    let over = false;
    for await (const event of lines(answer)) {
      over ||= event.event === "end";
      this.take(event);
    }
    if (!over) throw new Fault("The server ended before the verdict.", 0);
  }

  take(event) {
    if (event.event === "error") throw new Fault(event.message, 503);
    if (event.event === "begin") {
      this.reading = new Reading(event.case, { asked: event.asked, scale: this.about.scale, live: true });
      this.result.replaceChildren(this.reading.element);
      this.reading.element.scrollIntoView({ block: "start" });
    } else if (event.event === "sample") this.reading.arrive(event.sample);
    else if (event.event === "end") this.reading.end(event.verdict, event.cut);
  }

  busy(busy) {
    this.go.disabled = busy;
    this.go.textContent = busy ? "Judging…" : "Judge";
    this.stop.hidden = !busy;
  }
}
