// Keeps a pot's page up to date while it is looked at. Without it the page shows what was so when it was loaded, and works.
(() => {
  "use strict";
  const pot = document.getElementById("pot");
  if (!pot) return;
  const live = (name) => pot.querySelector(`[data-live="${name}"]`);
  const lang = document.documentElement.lang;
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
  const counted = (number, place) => {
    const one = number === 1 || (number === 0 && lang === "fr");
    return `${grouped(number)}\u00a0${one ? place.dataset.one : place.dataset.many}`;
  };

  // What visitors do is told when they leave, each thing once, and nothing of who they are: nothing at all of who wants none of it.
  const told = new Map();
  const tell = (kind, way) => {
    if (told.has(kind)) return;
    const event = { id: crypto.randomUUID(), kind, page: "pot", pot: pot.dataset.name };
    told.set(kind, way ? { ...event, way } : event);
  };
  const wanted = navigator.doNotTrack !== "1" && !navigator.globalPrivacyControl;
  if (wanted && navigator.sendBeacon && crypto.randomUUID) {
    let sent = 0;
    const leave = () => {
      const events = [...told.values()].slice(sent);
      if (!events.length) return;
      const body = new Blob([JSON.stringify({ events })], { type: "application/json" });
      if (navigator.sendBeacon("/api/analytics/events", body)) sent += events.length;
    };
    const look = () => {
      if (document.hidden) leave();
      else tell("page_viewed");
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", leave);
    look();
    pot.addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-press]");
      if (pressed) tell(pressed.dataset.press, pressed.dataset.way);
    });
    pot.addEventListener("copied", () => tell("link_copied"));
    if ("IntersectionObserver" in window) {
      const seen = new IntersectionObserver((places) => {
        for (const place of places) if (place.isIntersecting) tell(place.target.dataset.seen);
      }, { threshold: 0.5 });
      for (const place of pot.querySelectorAll("[data-seen]")) seen.observe(place);
    }
  }

  // What came together.
  let gifts = null;
  let wishes = Number(pot.dataset.wishes);
  const show = (now) => {
    const sum = live("collected");
    if (sum && now.collected !== undefined) {
      sum.textContent = `${grouped(now.collected)}\u00a0F\u00a0CFA`;
      const percent = Math.min(100, Math.floor((now.collected * 100) / Number(pot.dataset.target)));
      const bar = pot.querySelector("[role=progressbar]");
      bar.setAttribute("aria-valuenow", percent);
      bar.setAttribute("aria-valuetext", `${percent} %`);
      bar.querySelector("rect").setAttribute("width", `${percent}%`);
    }
    const count = live("gifts");
    count.textContent = counted(now.gifts, count);
    if (gifts !== null && now.gifts > gifts) {
      live("said").textContent = "";
      live("said").textContent = live("said").dataset.words;
      pot.classList.remove("glad");
      void pot.offsetWidth;
      pot.classList.add("glad");
    }
    gifts = now.gifts;
    if (now.stage !== pot.dataset.stage) live("changed").hidden = false;
    if (now.wishes !== wishes && !location.search.includes("before=")) {
      wishes = now.wishes;
      // Not everybody who looks asks in the same moment.
      clearTimeout(show.later);
      show.later = setTimeout(fetchWishes, Math.random() * 1500);
    }
  };
  const fetchWishes = async () => {
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("wishes");
      if (fresh) document.getElementById("wishes").replaceWith(document.adoptNode(fresh));
    } catch {
      // They are there when the page is loaded again.
    }
  };

  // A page that nobody looks at holds no connection open.
  let source = null;
  const listen = () => {
    if (document.hidden) {
      if (source) source.close();
      source = null;
    } else if (!source || source.readyState === EventSource.CLOSED) {
      source = new EventSource(pot.dataset.events);
      source.addEventListener("pot", (event) => show(JSON.parse(event.data)));
      // A browser does not try again by itself where it was told that there is no place.
      source.addEventListener("error", () => {
        if (source && source.readyState === EventSource.CLOSED) setTimeout(listen, 15000 + Math.random() * 15000);
      });
    }
  };
  if ("EventSource" in window) {
    document.addEventListener("visibilitychange", listen);
    addEventListener("pageshow", (event) => {
      if (event.persisted) listen();
    });
    addEventListener("pagehide", () => {
      if (source) source.close();
      source = null;
    });
    // Nothing more is asked for than the page needs before somebody is there to see it change.
    const signs = ["scroll", "pointermove", "pointerdown", "keydown"];
    const there = () => {
      for (const sign of signs) removeEventListener(sign, there);
      clearTimeout(waiting);
      listen();
    };
    const waiting = setTimeout(there, 3000);
    for (const sign of signs) addEventListener(sign, there, { passive: true });
  }

  // The form: amounts at a touch, and one press.
  const form = document.getElementById("form");
  if (form) {
    const amount = form.elements.amount;
    const chips = [...form.querySelectorAll("[data-amount]")];
    const mark = () => {
      const typed = amount.value.replace(/\D/g, "");
      for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.amount === typed));
    };
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        amount.value = chip.dataset.amount;
        mark();
      });
    }
    amount.addEventListener("input", mark);
    mark();
    const button = form.querySelector("button:not([type=button])");
    form.addEventListener("submit", () => {
      button.disabled = true;
    });
    addEventListener("pageshow", () => {
      button.disabled = false;
    });
  }
  const wrong = pot.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  // The link.
  const copy = pot.querySelector("[data-copied]");
  if (copy && navigator.clipboard) {
    const words = copy.textContent;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById("link").value);
      copy.textContent = copy.dataset.copied;
      pot.dispatchEvent(new Event("copied"));
      setTimeout(() => { copy.textContent = words; }, 2000);
    });
  } else if (copy) {
    copy.hidden = true;
  }
})();
