// The search of the index, the comparison, and light or dark. Everything else on the pages needs no script.
"use strict";

const root = document.documentElement;

function remembered(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* a page from a file may not be allowed to */ }
}

const theme = remembered("theme");
if (theme) root.dataset.theme = theme;
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember("theme", root.dataset.theme);
});

function startSearch(search) {
  const family = document.getElementById("family");
  const count = document.getElementById("count");
  const texts = new Map(LOSSES.map(loss => [loss.name, `${loss.name} ${loss.family} ${loss.summary} ${loss.definition}`.toLowerCase()]));
  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const section of document.querySelectorAll("section[data-family]")) {
      const chosen = !family.value || family.value === section.dataset.family;
      let any = false;
      for (const item of section.querySelectorAll("li[data-name]")) {
        const text = texts.get(item.dataset.name);
        item.hidden = !chosen || !words.every(word => text.includes(word));
        if (!item.hidden) { any = true; shown += 1; }
      }
      section.hidden = !any;
    }
    count.textContent = shown === 1 ? "1 loss" : `${shown} losses`;
  };
  // An address with ?search=… shows what it looks for.
  search.value = new URLSearchParams(location.search).get("search") ?? search.value;
  search.addEventListener("input", update);
  family.addEventListener("change", update);
  search.form.addEventListener("submit", event => event.preventDefault());
  update();
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Formulas are the compiler's own MathML, everything else is put in as text.
function equation(left, mathml) {
  const line = element("div", undefined, "formula");
  line.tabIndex = 0;
  line.append(element("span", `${left} =`, "left"));
  line.insertAdjacentHTML("beforeend", mathml);
  return line;
}

function column(name) {
  const made = element("div");
  const loss = LOSSES.find(loss => loss.name === name);
  if (!loss) return made;
  const title = element("h2");
  const link = element("a", loss.name);
  link.href = `loss/${loss.name}.html`;
  title.append(link);
  const code = element("pre", loss.definition);
  code.tabIndex = 0;
  made.append(title, code, equation("L", loss.value));
  for (const [name, formula] of loss.gradients) made.append(equation(`∂/∂${name}`, formula));
  for (const [symbol, formula] of loss.shared) made.append(equation(symbol, formula));
  const list = element("ul");
  for (const convention of loss.conventions) list.append(element("li", convention));
  made.append(list);
  return made;
}

function startComparison(place) {
  const asked = new URLSearchParams(location.search);
  const choices = ["a", "b"].map(id => document.getElementById(id));
  const known = name => LOSSES.some(loss => loss.name === name);
  const first = ["SoftmaxCrossEntropy", "Focal"];
  choices.forEach((choice, at) => {
    const name = asked.get(choice.id) ?? first[at];
    if (known(name)) choice.value = name;
  });
  const update = () => place.replaceChildren(...choices.map(choice => column(choice.value)));
  for (const choice of choices) choice.addEventListener("change", update);
  update();
}

const search = document.getElementById("search");
if (search) startSearch(search);
const comparison = document.getElementById("comparison");
if (comparison) startComparison(comparison);
