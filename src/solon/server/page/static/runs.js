// Stored runs: which there are, their cases by filters, and one case in the same view as a fresh judgment.

import { counted, el, get, letter, letters, number, percent, say } from "./dom.js";
import { Reading } from "./reading.js";

const FILTERS = {
  tie: "Ties", disagreement: "Votes disagree", unread: "Unread votes", low: "Low agreement", mismatch: "Against the label",
};
const PAGE = 50;

export async function runList() {
  const { runs } = await get("/page/runs");
  const rows = runs.map((run) => el("li", {},
    el("a", { href: `#/runs/${encodeURIComponent(run.name)}` }, run.name === "." ? "this folder" : run.name),
    run.fault ? el("p", { class: "hint" }, run.fault)
      : el("p", { class: "hint" }, `${counted(run.cases, "case")}, k ${run.k}, ${run.form}, ${run.model}`),
    el("p", { class: "hint when" }, new Date(1000 * run.written).toLocaleString())));
  return el("section", { class: "browser" }, el("h1", {}, "Runs"),
    rows.length ? el("ul", { class: "list" }, rows) : el("p", {}, "There is no run in this folder yet: solon judge --out makes one."));
}

export async function casesOf(run, query) {
  return new Cases(run, query).open();
}

class Cases {
  constructor(run, query) {
    this.run = run;
    this.filters = new Set((query.get("filters") ?? "").split(",").filter((name) => name in FILTERS));
    this.below = Number(query.get("below") ?? 0.75) || 0.75;
    this.first = Number(query.get("first") ?? 0) || 0;
    this.list = el("div", { class: "cases" });
    this.boxes = new Map();
  }

  async open() {
    const element = el("section", { class: "browser" }, crumbs(this.run),
      el("h1", {}, this.run === "." ? "this folder" : this.run), this.form(), this.list);
    await this.load();
    this.count();
    return element;
  }

  form() {
    const boxes = Object.entries(FILTERS).map(([name, title]) => {
      const box = el("input", { type: "checkbox", checked: this.filters.has(name), onchange: () => this.toggle(name) });
      const count = el("span", { class: "count" });
      const label = el("label", { class: "chip" }, box, el("span", {}, title), count);
      this.boxes.set(name, { label, count });
      return label;
    });
    this.bound = el("input", {
      id: "below", type: "number", min: 0, max: 100, step: 5, value: Math.round(100 * this.below), onchange: () => this.move(),
    });
    return el("fieldset", { class: "filters" }, el("legend", {}, "Only cases with"), el("div", { class: "chips" }, boxes),
      el("p", { class: "bound" }, el("label", { for: "below" }, "Agreement is low below"), this.bound, " %"));
  }

  toggle(name) {
    if (!this.filters.delete(name)) this.filters.add(name);
    this.reload();
  }

  move() {
    this.below = Math.min(1, Math.max(0, Number(this.bound.value) / 100));
    this.count();
    if (this.filters.has("low")) this.reload();
  }

  async reload() {
    this.first = 0;
    history.replaceState(null, "", `#/runs/${encodeURIComponent(this.run)}?${this.state()}`);
    await this.load();
  }

  state(first = this.first) {
    return new URLSearchParams({ filters: [...this.filters].join(","), below: this.below, first }).toString();
  }

  async load() {
    const asked = this.state();
    this.list.setAttribute("aria-busy", "true");
    const found = await get("/page/cases", { run: this.run, ...Object.fromEntries(new URLSearchParams(asked)) });
    if (asked !== this.state()) return;
    this.list.removeAttribute("aria-busy");
    this.boxes.get("mismatch").label.hidden = !found.labels;
    this.list.replaceChildren(el("p", { class: "hint" }, this.told(found)),
      el("ol", { class: "list", start: this.first + 1 }, found.rows.map((row) => this.row(row))), this.pager(found));
    say(this.told(found));
  }

  told({ total, rows }) {
    if (!total) return this.filters.size ? "No case passes all of these." : "No cases yet.";
    return `${(this.first + 1).toLocaleString("en")} to ${(this.first + rows.length).toLocaleString("en")} of ${counted(total, "case")}`;
  }

  row(row) {
    const link = `#/runs/${encodeURIComponent(this.run)}/${row.place}?${this.state()}`;
    return el("li", { class: "case" },
      el("a", { href: link }, row.prompt || row.id),
      el("p", { class: "hint" },
        el("span", { class: "id" }, row.id), el("span", {}, scores(row)),
        row.agreement != null && el("span", {}, `agreement ${percent(row.agreement)}`),
        row.unread > 0 && el("span", {}, `${row.unread} unread`),
        row.flags.includes("tie") && el("span", { class: "tag" }, "tie"),
        row.flags.includes("mismatch") && el("span", { class: "tag" }, "against the label")));
  }

  pager({ total }) {
    if (total <= PAGE) return "";
    const link = (text, first, there) => there
      ? el("a", { href: `#/runs/${encodeURIComponent(this.run)}?${this.state(first)}` }, text) : el("span", { class: "hint" }, text);
    return el("nav", { class: "pager", "aria-label": "Pages" },
      link("Earlier", Math.max(0, this.first - PAGE), this.first > 0), link("Later", this.first + PAGE, this.first + PAGE < total));
  }

  async count() {
    const counts = await get("/page/counts", { run: this.run, below: this.below }).catch(() => ({}));
    for (const [name, count] of Object.entries(counts)) this.boxes.get(name).count.textContent = count.toLocaleString("en");
  }
}

export async function caseOf(run, place, query) {
  const found = await get("/page/case", { run, place });
  const reading = new Reading(found.case, { asked: found.verdict.asked, scale: found.scale, label: found.label });
  reading.end(found.verdict, null, true);
  const back = `#/runs/${encodeURIComponent(run)}?${query}`;
  const link = (to) => `#/runs/${encodeURIComponent(run)}/${to}?${query}`;
  return el("section", { class: "browser" }, crumbs(run, back),
    el("h1", {}, `Case ${found.case.id}`),
    el("nav", { class: "pager", "aria-label": "Cases" },
      place > 0 ? el("a", { href: link(place - 1) }, "Previous case") : "",
      place + 1 < found.total ? el("a", { href: link(place + 1) }, "Next case") : ""),
    reading.element);
}

function crumbs(run, back = null) {
  return el("nav", { class: "crumbs", "aria-label": "Where you are" }, el("a", { href: "#/runs" }, "Runs"),
    back && el("a", { href: back }, run === "." ? "this folder" : run));
}

function scores({ scores: given, best, tied }) {
  if (!given) return "nothing read";
  const all = given.map((score, i) => `${letter(i)} ${number(score)}`).join("  ");
  if (given.length < 2) return all;
  return best === null ? `${all}, tie of ${letters(tied)}` : `${all}, best ${letter(best)}`;
}
