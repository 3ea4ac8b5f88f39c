// The keyboard, nothing else: every action is an ordinary link or form and works without this.
"use strict";
(() => {
  const OFF = "troupe.keys.off";
  const help = document.getElementById("keys");
  const toggle = document.getElementById("keys-on");

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    all[Math.min(Math.max(next, 0), all.length - 1)].focus();
  };
  const focus = (selector) => {
    const found = document.querySelector(selector);
    if (!found) return;
    found.focus();
    found.scrollIntoView({ block: "nearest" });
  };
  const follow = (selector) => document.querySelector(selector)?.click();
  const actions = {
    j: () => move(1),
    k: () => move(-1),
    a: () => focus("[data-key=a]"),
    r: () => focus("[data-key=r]"),
    i: () => follow(".top nav a[href='/']"),
    "/": () => focus("[type=search]"),
    "?": () => help?.showModal(),
  };

  if (toggle) {
    toggle.checked = localStorage.getItem(OFF) !== "yes";
    toggle.addEventListener("change", () => localStorage.setItem(OFF, toggle.checked ? "no" : "yes"));
  }
  document.getElementById("keys-open")?.addEventListener("click", () => help?.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (help?.open || localStorage.getItem(OFF) === "yes") return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
