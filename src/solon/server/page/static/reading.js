// A case and what was judged of it: the same view for votes that arrive and for a stored run.

import { counted, el, letter, letters, number, percent, say, svg } from "./dom.js";

const CUTS = {
  deadline: "The time was up before all votes had arrived; this is the verdict of those that had.",
  failed_call: "The judge failed before all votes had arrived; this is the verdict of those that had.",
  shutting_down: "The server ended before all votes had arrived; this is the verdict of those that had.",
};
const MOST_PRINCIPLES = 8;

export class Reading {
  constructor(one, { asked, scale, live = false, label = null }) {
    Object.assign(this, { case: one, asked, scale, live, label, verdict: null, cut: null, over: !live });
    this.samples = new Map();
    this.cards = new Map();
    this.head = el("div");
    this.votes = el("ol", { class: "votes" });
    this.all = el("button", { type: "button", class: "quiet", onclick: () => this.openAll() }, "Open all");
    this.element = el("article", { class: "reading", "aria-label": "Judgment" },
      this.head,
      el("section", { "aria-labelledby": "votes-title" },
        el("div", { class: "section-head" }, el("h2", { id: "votes-title" }, "Votes"), this.all), this.votes));
    this.draw();
  }

  arrive(sample) {
    this.samples.set(sample.place, sample);
    this.card(sample);
    this.draw();
    say(`Vote ${this.samples.size} of ${this.asked}: ${told(sample)}`);
  }

  end(verdict, cut = null, quiet = false) {
    Object.assign(this, { verdict, cut, over: true });
    for (const sample of verdict.samples) {
      this.samples.set(sample.place, sample);
      this.card(sample);
    }
    this.draw();
    if (!quiet) say(`Verdict: ${this.outcome()}.`);
  }

  broken() {
    this.over = true;
    this.draw();
  }

  get read() {
    return [...this.samples.values()].filter((sample) => sample.scores);
  }

  scores() {
    if (this.verdict) return this.verdict.scores;
    if (!this.read.length) return null;
    return this.case.responses.map((_, i) => this.read.reduce((sum, one) => sum + one.scores[i], 0) / this.read.length);
  }

  outcome() {
    const scores = this.scores();
    if (!scores) return this.over ? "no vote could be read" : "waiting for the first vote";
    if (scores.length === 1) return `response A scores ${number(scores[0])}`;
    const best = this.tops(scores);
    if (best.length > 1) return `${letters(best)} tie`;
    return `response ${letter(best[0])} is ${this.over ? "best" : "ahead"}`;
  }

  tops(scores) {
    return this.verdict ? this.verdict.tied : tops(scores);
  }

  draw() {
    const scores = this.scores();
    this.head.replaceChildren(
      el("section", { class: "summary", "aria-labelledby": "verdict-title" },
        el("h2", { id: "verdict-title" }, capital(this.outcome())),
        this.cut && el("p", { class: "notice" }, CUTS[this.cut] ?? this.cut),
        this.ballots(), this.facts()),
      el("section", { "aria-label": "Conversation" }, this.conversation()),
      el("section", { "aria-labelledby": "responses-title" },
        el("h2", { id: "responses-title" }, "Responses"),
        el("div", { class: "columns" }, this.case.responses.map((text, i) => this.response(text, i, scores)))),
      this.principles());
    this.all.hidden = this.cards.size < 2;
  }

  ballots() {
    const count = Math.max(this.asked, this.samples.size);
    const shown = Array.from({ length: this.over ? this.samples.size : count }, (_, place) => this.ballot(place));
    return el("ol", { class: "ballots", "aria-label": "Votes" }, shown);
  }

  ballot(index) {
    const sample = this.over ? [...this.samples.values()].sort(byPlace)[index] : this.samples.get(index);
    if (!sample) return el("li", { class: "ballot awaited" }, el("span", { class: "unseen" }, "awaited"));
    const kinds = ["ballot", sample.unread ? "unread" : "", sample.counts === false && !sample.unread ? "left" : ""];
    const name = `Vote ${sample.place + 1}: ${told(sample)}`;
    const go = () => this.openVote(sample.place);
    return el("li", { class: kinds.join(" ") },
      el("button", { type: "button", title: name, "aria-label": name, onclick: go }, symbol(sample)));
  }

  facts() {
    const v = this.verdict;
    const unread = this.samples.size - this.read.length;
    const facts = [["Read", `${this.read.length} of ${v ? Math.max(v.asked, this.samples.size) : this.asked}`]];
    if (unread) facts.push(["Unread", v ? reasons(v.unread) : String(unread)]);
    if (v?.weighed) facts.push(["Kept by the meta model", keptBy(v)]);
    if (v?.agreement != null) facts.push(["Agreement", percent(v.agreement)]);
    if (v?.position_consistency != null) {
      facts.push(["Both orders", v.position_consistency ? "have the same best" : "differ on the best"]);
    }
    if (v?.cost) facts.push(["Cost", cost(v.cost)]);
    if (this.label) facts.push(["Label", labeled(this.label, v)]);
    return el("dl", { class: "facts" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }

  conversation() {
    const one = this.case;
    const turns = one.turns.map((turn) => el("div", { class: "turn" }, el("h3", {}, turn.role), said(turn.text)));
    return el("details", { class: "conversation", open: this.shown ?? true, ontoggle: (e) => (this.shown = e.target.open) },
      el("summary", {}, "Conversation"), turns,
      one.reference != null && el("div", { class: "turn" }, el("h3", {}, "reference"), said(one.reference)),
      one.principles.length > 0 && el("div", { class: "turn" }, el("h3", {}, "given principles"),
        el("ul", {}, one.principles.map((text) => el("li", {}, text)))),
      Object.keys(one.tags).length > 0 && el("dl", { class: "facts tags" }, Object.entries(one.tags).map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
  }

  response(text, i, scores) {
    const best = scores && scores.length > 1 && this.tops(scores).includes(i);
    const tie = best && this.tops(scores).length > 1;
    const out = this.verdict?.left_out?.[i];
    return el("section", { class: best ? "response best" : "response", "aria-label": `Response ${letter(i)}` },
      el("header", {}, el("h3", {}, el("span", { class: "letter" }, letter(i))),
        el("p", { class: "score" }, scores ? number(scores[i]) : "–"),
        best && el("span", { class: "tag" }, tie ? "tie" : this.over ? "best" : "ahead")),
      this.histogram(i),
      said(text, `Response ${letter(i)}`),
      out > 0 && el("p", { class: "hint" }, `${counted(out, "character")} of its middle were not shown to the judge.`));
  }

  histogram(i) {
    const given = this.read.map((sample) => sample.scores[i]);
    const [low, high] = this.scale;
    const bins = binned(given, low, high);
    const most = Math.max(1, given.length);
    const width = 100 / bins.length;
    const bars = bins.map((bin, at) => svg("rect", {
      x: at * width + width * 0.12, width: width * 0.76, y: bin.count ? 30 - (29 * bin.count) / most : 29.4,
      height: bin.count ? (29 * bin.count) / most : 0.6, class: bin.count ? "bar" : "bar none",
    }));
    const words = bins.filter((bin) => bin.count).map((bin) => `${bin.name} × ${bin.count}`).join(", ");
    const text = given.length ? `Scores given: ${words}` : "No scores yet";
    return el("figure", {},
      svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": text }, bars),
      el("p", { class: "axis", "aria-hidden": "true" }, el("span", {}, number(low)), el("span", {}, number(high))),
      el("figcaption", {}, text));
  }

  principles() {
    const found = gathered(this.read);
    if (!found.length) return "";
    const most = Math.max(...found.map((one) => one.weight ?? 0), 1);
    const rows = found.map((one) => el("li", {},
      el("span", { class: "principle" }, one.text),
      el("span", { class: "weight" }, one.weight == null ? "no weight" : `${number(one.weight, 0)} %`,
        one.weight != null && meter(one.weight / most)),
      el("span", { class: "hint" }, counted(one.votes, "vote"))));
    const rest = rows.splice(MOST_PRINCIPLES);
    return el("section", { "aria-labelledby": "principles-title" },
      el("h2", { id: "principles-title" }, "Principles"),
      el("ul", { class: "principles" }, rows),
      rest.length > 0 && el("details", {}, el("summary", {}, `${rest.length} more`), el("ul", { class: "principles" }, rest)));
  }

  card(sample) {
    const old = this.cards.get(sample.place);
    const open = old ? old.open : this.cards.size === 0;
    const card = el("details", { open, id: `vote-${sample.place}` }, this.title(sample), this.vote(sample));
    this.cards.set(sample.place, card);
    if (old) old.replaceWith(card);
    else this.insert(sample.place, card);
  }

  insert(place, card) {
    const item = el("li", { "data-place": place }, card);
    const after = [...this.votes.children].find((one) => Number(one.dataset.place) > place);
    this.votes.insertBefore(item, after ?? null);
  }

  title(sample) {
    const many = sample.order.length > 1;
    return el("summary", {},
      el("span", { class: "vote-name" }, `Vote ${sample.place + 1}`),
      el("span", { class: "vote-scores" }, sample.unread ? `unread: ${words(sample.unread)}` : scored(sample)),
      many && el("span", { class: "hint" }, `saw ${letters(sample.order)}`),
      sample.counts === true && this.verdict?.weighed && el("span", { class: "tag" }, "kept"),
      sample.counts === false && !sample.unread && el("span", { class: "tag off" }, sample.weight == null ? "unweighed" : "left out"),
      sample.weight != null && el("span", { class: "hint" }, `weight ${number(sample.weight)}`));
  }

  vote(sample) {
    if (sample.unread) {
      return el("div", { class: "vote" }, el("p", {}, sample.detail), sample.text && raw(sample.text, true));
    }
    const principles = sample.principles.map((one) =>
      el("li", {}, one.text, one.weight == null ? "" : el("span", { class: "hint" }, ` ${number(one.weight)} %`)));
    const columns = sample.critiques.map((text, i) => el("div", {}, el("h4", {}, `Response ${letter(i)}`), said(text)));
    const turned = sample.order.some((index, place) => index !== place);
    return el("div", { class: "vote" },
      principles.length > 0 && el("div", {}, el("h4", {}, "Principles"), el("ul", { class: "own" }, principles)),
      turned && sample.critique && el("p", { class: "hint" }, `In this critique ${sample.order.map((index, place) =>
        `response ${place + 1} is ${letter(index)}`).join(", ")}.`),
      columns.length > 0 && el("div", { class: "columns" }, columns),
      sample.critique && el("div", {}, el("h4", {}, columns.length ? "Of all" : "Critique"), said(sample.critique)),
      raw(sample.text, false));
  }

  openVote(place) {
    const card = this.cards.get(place);
    card.open = true;
    card.querySelector("summary").focus();
    card.scrollIntoView({ block: "nearest" });
  }

  openAll() {
    const open = [...this.cards.values()].some((card) => !card.open);
    for (const card of this.cards.values()) card.open = open;
    this.all.textContent = open ? "Close all" : "Open all";
  }
}

function said(text, name = null) {
  const scroll = name && text.length > 700 ? { tabindex: 0, role: "region", "aria-label": `Text of ${name}` } : {};
  return el("div", { class: "said", dir: "auto", ...scroll }, text);
}

function raw(text, open) {
  return el("details", { class: "raw", open }, el("summary", {}, "As the judge wrote it"), said(text));
}

function meter(share) {
  return svg("svg", { class: "meter", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { width: 100, height: 4, class: "bar none" }), svg("rect", { width: 100 * share, height: 4, class: "bar" }));
}

function tops(scores) {
  const most = Math.max(...scores);
  return scores.flatMap((score, i) => (score === most ? [i] : []));
}

function symbol(sample) {
  if (sample.unread) return "–";
  if (sample.scores.length === 1) return number(sample.scores[0], 0);
  const best = tops(sample.scores);
  return best.length === 1 ? letter(best[0]) : "=";
}

function scored(sample) {
  return sample.scores.map((score, i) => `${letter(i)} ${number(score)}`).join("  ");
}

function told(sample) {
  if (sample.unread) return `could not be read, ${words(sample.unread)}`;
  const left = sample.counts === false ? ", left out of the vote" : "";
  return scored(sample).replaceAll("  ", ", ") + left;
}

function binned(scores, low, high) {
  const whole = Number.isInteger(low) && Number.isInteger(high) && high - low <= 20 && high - low >= 1;
  const count = whole && (high - low > 1 || scores.every(Number.isInteger)) ? high - low + 1 : 10;
  const step = count === high - low + 1 ? 1 : (high - low) / count;
  const bins = Array.from({ length: count }, (_, i) => ({
    name: step === 1 ? number(low + i) : `${number(low + i * step)} to ${number(low + (i + 1) * step)}`, count: 0,
  }));
  for (const score of scores) {
    const at = step === 1 ? Math.round(score - low) : Math.floor((score - low) / step);
    bins[Math.min(count - 1, Math.max(0, at))].count += 1;
  }
  return bins;
}

function gathered(samples) {
  const found = new Map();
  for (const sample of samples) {
    for (const { text, weight } of sample.principles) {
      const one = found.get(text) ?? { text, votes: 0, weights: [] };
      one.votes += 1;
      if (weight != null) one.weights.push(weight);
      found.set(text, one);
    }
  }
  for (const one of found.values()) {
    one.weight = one.weights.length ? one.weights.reduce((a, b) => a + b, 0) / one.weights.length : null;
  }
  return [...found.values()].sort((a, b) => b.votes - a.votes || (b.weight ?? 0) - (a.weight ?? 0));
}

function keptBy(verdict) {
  const votes = verdict.samples.filter((sample) => sample.counts).length;
  const unweighed = verdict.unweighed ? `, ${verdict.unweighed} unweighed` : "";
  return `${votes} of ${verdict.read}${unweighed}`;
}

function reasons(unread) {
  return Object.entries(unread).map(([reason, count]) => `${count} ${words(reason)}`).join(", ");
}

function cost({ prompt, completion, calls }) {
  if (!calls) return "nothing: the samples were kept";
  return `${(prompt + completion).toLocaleString("en")} tokens (${prompt.toLocaleString("en")} read, ` +
    `${completion.toLocaleString("en")} written), ${counted(calls, "call")}`;
}

function labeled(label, verdict) {
  const what = label.best ? `${letters(label.best)} best` : label.right ? "right" : "wrong";
  if (verdict?.right == null) return what;
  return `${what}; the verdict ${verdict.right ? "agrees" : "disagrees"}`;
}

function words(reason) {
  return reason.replaceAll("_", " ");
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

function byPlace(a, b) {
  return a.place - b.place;
}
