// What Gradio does not do by itself: say each sentence once, delete an idle chat, keep the focus in the box.
() => {
  const say = document.createElement("div");
  say.id = "announcer";
  say.setAttribute("role", "log");
  say.setAttribute("aria-live", "polite");
  say.setAttribute("aria-label", "Announcements");
  document.body.append(say);

  // The chat log is redrawn whole with every sentence; a reader would hear it all again each time.
  const quiet = () => document.querySelectorAll("#chat [role=log]").forEach((log) => {
    if (log.getAttribute("aria-live") !== "off") log.setAttribute("aria-live", "off");
    // A log that scrolls must be reachable from the keyboard.
    if (!log.hasAttribute("tabindex")) log.setAttribute("tabindex", "0");
  });
  const said = new Set();
  const announce = () => {
    quiet();
    document.querySelectorAll("#live [data-key]").forEach((piece) => {
      if (said.has(piece.dataset.key)) return;
      said.add(piece.dataset.key);
      const line = document.createElement("p");
      line.textContent = piece.textContent;
      if (piece.lang) line.lang = piece.lang;
      say.append(line);
      while (say.children.length > 60) say.firstChild.remove();
    });
  };
  new MutationObserver(announce).observe(document.body, { childList: true, subtree: true, characterData: true });
  announce();

  const idle = document.querySelector("#idle");
  const minutes = Number(idle?.dataset.minutes || 30);
  const notice = Math.min(60, minutes * 30);
  let last = Date.now();
  const used = () => { last = Date.now(); };
  ["keydown", "pointerdown", "input", "touchstart"].forEach((name) => document.addEventListener(name, used, true));
  const leave = () => { document.body.replaceChildren(); window.location.reload(); };
  const bar = (id, text, button) => {
    const box = document.createElement("div");
    box.id = id;
    box.className = "idle-bar";
    box.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.textContent = button;
    close.addEventListener("click", () => { used(); box.remove(); });
    box.append(words, close);
    document.body.append(box);
  };
  const warn = (seconds) => {
    const box = document.querySelector("#idle-warning");
    if (seconds === null) box?.remove();
    else if (!box) bar("idle-warning", idle.dataset.warning.replace("{seconds}", Math.round(notice)), idle.dataset.stay);
  };
  // The fresh page says why it is empty.
  if (window.location.hash === "#idle") {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    bar("idle-over", idle.dataset.expired, idle.dataset.understood);
    document.addEventListener("input", () => document.querySelector("#idle-over")?.remove(), { once: true });
  }
  setInterval(() => {
    const left = minutes * 60 - (Date.now() - last) / 1000;
    if (left <= 0) {
      if (document.querySelector("#chat .user-row, #idle-over")) window.location.hash = "idle";
      leave();
    }
    else warn(left <= notice ? left : null);
  }, 500);

  // Coming back with the browser's "back" must not show what another person wrote.
  window.addEventListener("pageshow", (event) => { if (event.persisted) leave(); });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#chips button, #send, #edit, #retry, #clear")) {
      setTimeout(() => document.querySelector("#box textarea")?.focus(), 50);
    }
  });
}
