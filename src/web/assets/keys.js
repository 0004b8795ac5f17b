// Keys on the desk: j k a o x u / ? as the list under "Keys" says them. They press nothing but what stands on the page, act
// outside of fields only, and can be switched off.
(() => {
  "use strict";
  const OFF = "recount-keys-off", ANSWERED = "recount-answered";
  const get = (store, name) => { try { return window[store].getItem(name); } catch { return null; } };
  const set = (store, name, value) => { try { value === null ? window[store].removeItem(name) : window[store].setItem(name, value); } catch { /* a private window */ } };
  const ITEM = ".card[id^='i-'], .row[id^='i-'], .row[id^='l-'], .slip";
  const items = () => [...document.querySelectorAll(ITEM)].filter((one) => one.offsetParent);
  const current = () => document.activeElement?.closest(ITEM);
  const item = () => current() ?? items()[0];
  const focus = (element) => {
    if (!element) return;
    if (!element.matches("a, button, input, summary")) element.tabIndex = -1;
    element.focus();
    element.scrollIntoView({ block: "nearest" });
  };
  // Where the answered item stood: from its Undo one goes on with the item that came behind it.
  let stood = null;
  const beside = (by) => {
    const [before, behind] = stood;
    stood = null;
    return document.getElementById(by > 0 ? behind : before) ?? items().find((one) => !one.matches(".slip"));
  };
  const step = (by) => {
    const list = items(), at = list.indexOf(current());
    const next = stood && current()?.matches(".slip") ? beside(by) : list[at < 0 ? (by > 0 ? 0 : list.length - 1) : at + by];
    focus(next?.matches(".slip") ? next.querySelector("button") ?? next : next);
  };
  const find = () => {
    const field = document.querySelector("#find");
    if (field && !field.offsetParent) document.querySelector("#menu")?.showPopover?.();
    field?.focus();
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    a: () => focus(item()?.querySelector("button[value=accept]")),
    o: () => item()?.querySelector("h2 a, h3 a")?.click(),
    x: () => item()?.querySelector("input[type=checkbox]")?.click(),
    u: () => focus(document.querySelector(".slip button")),
    "/": find,
    "?": () => document.querySelector("#keys")?.togglePopover?.(),
  };
  const on = () => get("localStorage", OFF) === null;

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (field || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !Object.hasOwn(keys, event.key)) return;
    if (!on() && event.key !== "?") return;
    event.preventDefault();
    keys[event.key]();
  });

  // After an answer the focus is on its Undo, as if the page had not been loaded anew.
  document.addEventListener("submit", (event) => {
    const answered = /\/items\/([^/]+)\/answer$/.exec(event.target.getAttribute("action") ?? "");
    if (!answered) return;
    const list = items().filter((one) => !one.matches(".slip")), at = list.indexOf(event.target.closest(ITEM));
    const ids = at < 0 ? [] : [list[at - 1]?.id, list[at + 1]?.id];
    set("sessionStorage", ANSWERED, [answered[1], ids[0] ?? "", ids[1] ?? ""].join(" "));
  });
  const [answered, ...places] = (get("sessionStorage", ANSWERED) ?? "").split(" ");
  set("sessionStorage", ANSWERED, null);
  if (answered) stood = places;
  // Going to the part of the page that the address names takes the focus away, so it is given after that.
  const back = () => requestAnimationFrame(() => focus(document.querySelector(`.slip form[action$="/answers/${CSS.escape(answered)}/undo"] button`)));
  if (answered && document.readyState === "complete") back();
  else if (answered) addEventListener("load", back);

  const shown = document.querySelector("#keys-button"), turn = document.querySelector("#keys-switch");
  const say = () => { if (turn) turn.textContent = on() ? "Turn them off" : "Turn them on"; };
  if (shown) shown.hidden = false;
  turn?.addEventListener("click", () => { set("localStorage", OFF, on() ? "1" : null); say(); });
  say();
})();
