// Asks for the first admin page again and again while it is looked at, and shows what has changed. Without it one loads it again.
(() => {
  "use strict";
  const EVERY = 5000;
  const main = document.getElementById("main");
  const renew = async () => {
    // Nobody looks, or somebody is on one of its links: it would be taken from under their finger.
    if (document.hidden || main.contains(document.activeElement)) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    // Signed out: what one comes to says how to come in again.
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (page && !main.contains(document.activeElement)) main.replaceChildren(...page.childNodes);
  };
  const again = () => setTimeout(() => renew().catch(() => {}).finally(again), EVERY);
  again();
})();
