// Keeps what the reviewer writes as it is written, and walks the lines by the arrow keys.

import { ask } from "./ask.js";

const form = document.querySelector("#note");
const saved = document.querySelector("#saved");
const unblind = document.querySelector("#unblind");
let timer = 0;
let changed = false;

async function keep(options = {}) {
  clearTimeout(timer);
  if (!changed) return;
  changed = false;
  const { comment, preference } = form.elements;
  const note = { comment: comment.value, preference: preference.value };
  try {
    await ask("PUT", form.action, { candidate: form.dataset.candidate, line: form.dataset.line, ...note }, options);
    saved.textContent = "Saved";
  } catch (error) {
    changed = true;
    saved.textContent = `Not saved. ${error.message}`;
  }
}

function later() {
  changed = true;
  saved.textContent = "";
  clearTimeout(timer);
  timer = setTimeout(keep, 500);
}

form.addEventListener("input", later);
form.addEventListener("change", () => keep());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  keep();
});
addEventListener("pagehide", () => keep({ keepalive: true }));

// A link waits until the note is kept: the page behind it shows what was kept.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link || !changed || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await keep();
  if (!changed) location.assign(link.href);
});

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select")) return;
  const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  document.querySelector(`a[rel=${way}]`)?.click();
});

// What was written before this script ran.
if ([...form.elements].some((each) => each.value !== each.defaultValue || each.checked !== each.defaultChecked)) later();

unblind?.addEventListener("click", async () => {
  await keep();
  try {
    await ask("PUT", form.action, { candidate: form.dataset.candidate, blind: false });
    location.reload();
  } catch (error) {
    saved.textContent = error.message;
  }
});
document.querySelector("#line-title").focus({ preventScroll: true });
