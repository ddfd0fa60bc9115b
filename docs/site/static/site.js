// The first page's explorer: it shows states that the build has computed, and computes nothing.
"use strict";

function play(box) {
  const { T, states, once, often } = JSON.parse(document.getElementById("play-states").textContent);
  const at = (name) => document.getElementById("play-" + name);
  let times = 1;

  function height(bar, p) {
    bar.setAttribute("height", 150 * p);
    bar.setAttribute("y", 174 - 150 * p);
  }

  function show() {
    const chain = states[at("t").value];
    const { p, words, alt } = chain[times - 1];
    const temperature = String(T[at("t").value]);
    at("t").setAttribute("aria-valuetext", temperature);
    at("value").textContent = temperature;
    at("more").setAttribute("aria-disabled", times === chain.length);
    at("title").textContent = times === 1 ? once : often.replace("{times}", times);
    at("picture").setAttribute("aria-label", alt);
    at("words").textContent = words;
    box.querySelectorAll("rect.now").forEach((bar, i) => height(bar, p[i]));
    box.querySelectorAll("rect.first").forEach((bar, i) => height(bar, chain[0].p[i]));
    box.querySelectorAll("text.p").forEach((text, i) => (text.textContent = p[i].toFixed(3)));
  }

  function repeat(count) {
    times = Math.min(count, states[0].length);
    show();
  }

  at("t").addEventListener("input", show);
  at("more").addEventListener("click", () => repeat(times + 1));
  at("afresh").addEventListener("click", () => repeat(1));
  box.querySelector("form").hidden = false;
  show();
}

// From a disk a page can't read others, so that the search shows titles alone.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("#play").forEach(play);
  // What scrolls can be reached by the keyboard.
  document.querySelectorAll(".table-wrapper").forEach((table) => {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
  });
});
