// The views of the page, by what stands behind # in its address.

import { judging } from "./ask.js";
import { Fault, el, get, remember } from "./dom.js";
import { caseOf, casesOf, runList } from "./runs.js";

const view = document.getElementById("view");
const key = document.getElementById("key");
let about = null;
let form = null;
let asked = 0;

function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [first, run, place] = path.split("/").map(decodeURIComponent);
  return { first, run, place, query: new URLSearchParams(query) };
}

// What was asked for last is shown, in whatever order the answers come.
async function show() {
  const at = route();
  const turn = ++asked;
  try {
    about ??= await get("/page/about");
    if (turn !== asked) return;
    key.hidden = true;
    const runs = at.first === "runs";
    document.getElementById("to-runs").hidden = !about.runs;
    mark("to-judge", !runs);
    mark("to-runs", runs);
    const found = await content(at, runs);
    if (turn !== asked) return;
    view.replaceChildren(found);
    document.title = `${view.querySelector("h1")?.textContent ?? "Judge"} · Solon`;
    scrollTo(0, 0);
  } catch (error) {
    if (turn === asked || !(error instanceof Fault)) failed(error);
  }
}

function content(at, runs) {
  if (!runs) return (form ??= judging(about));
  if (!at.run) return runList();
  return at.place === undefined ? casesOf(at.run, at.query) : caseOf(at.run, Number(at.place), at.query);
}

function mark(id, current) {
  if (current) document.getElementById(id).setAttribute("aria-current", "page");
  else document.getElementById(id).removeAttribute("aria-current");
}

function failed(error) {
  if (!(error instanceof Fault)) throw error;
  view.replaceChildren();
  if (error.status === 401) {
    key.hidden = false;
    document.getElementById("key-value").focus();
  } else {
    view.append(el("p", { class: "notice", role: "alert" }, error.message));
  }
}

document.getElementById("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  remember(document.getElementById("key-value").value.trim());
  show();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("hashchange", show);
show();
