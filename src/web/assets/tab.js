// The tab in ConnectWise: asks the window around it who is looking, hands that to the desk, and shows what the desk answers.
// Nothing of it is believed here or there: the desk asks ConnectWise itself.
(() => {
  "use strict";
  const main = document.querySelector("main");
  const origins = (main.dataset.origins || "").split(" ").filter(Boolean);
  const said = document.querySelector("[role=status]");
  let frame, asked = false;

  const tell = (message) => origins.forEach((origin) => window.parent.postMessage(JSON.stringify(message), origin));

  const show = async (member) => {
    const form = new URLSearchParams({ id: main.dataset.id, screen: main.dataset.screen });
    for (const name of ["companyid", "memberid", "memberHash", "memberContext"]) form.set(name, String(member[name] ?? ""));
    try {
      const answer = await fetch(location.pathname, { method: "POST", body: form, credentials: "omit", redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      main.replaceChildren(...page.childNodes);
    } catch {
      said.textContent = "The desk cannot be reached. Nothing is shown.";
    }
  };

  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !origins.includes(event.origin)) return;
    let data = event.data;
    try { if (typeof data === "string") data = JSON.parse(data); } catch { return; }
    if (!data || typeof data !== "object") return;
    if (data.MessageFrameID) frame = data.MessageFrameID;
    // ConnectWise saves its screen only once each of its events was answered.
    if (data.event) { tell({ event: data.event, _id: data._id, result: "success", frameID: frame }); }
    if (frame && !asked) { asked = true; tell({ request: "getMemberAuthentication", frameID: frame }); }
    if (String(data.response).toLowerCase() === "getmemberauthentication" && data.data) show(data.data);
  });

  if (window.parent === window) { said.textContent = "This page is a tab in ConnectWise. The desk itself has all of it."; return; }
  tell({ message: "ready" });
})();
