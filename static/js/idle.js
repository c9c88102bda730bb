// Says in time that the session is about to end, and keeps it while somebody types. All tabs share the time of the last sign of life.
const idle = document.querySelector("#idle");
const MINUTE = 60000;
const limit = idle.dataset.minutes * MINUTE;
const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
let worked = false;

const lastSeen = () => Number(localStorage.getItem("seen") ?? 0);
const seen = () => localStorage.setItem("seen", Date.now());

async function stay() {
  worked = false;
  const answer = await fetch(idle.dataset.url, { method: "POST", headers: { "X-CSRFToken": token } });
  if (answer.ok) seen();
  look();
}

function look() {
  const quiet = Date.now() - lastSeen();
  if (worked && quiet > Math.min(5 * MINUTE, limit / 3)) stay();
  const soon = quiet > limit - Math.min(2 * MINUTE, limit / 3);
  if (idle.hidden === soon) idle.hidden = !soon;
}

seen();
for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => (worked = true));
idle.querySelector("button").addEventListener("click", stay);
setInterval(look, 15000);
