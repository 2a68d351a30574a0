// The due list and the receipt: keeps the officer's due households for work without network, says what waits to go up.
import { register } from "./offline.js";
import { watch } from "./queue.js";
import { keep, kept, signedIn, unsentOf } from "./store.js";

const box = document.querySelector("[data-waiting]");

async function show() {
  const who = await kept("who");
  const unsent = who ? await unsentOf(who.user) : [];
  if (!box) return;
  box.hidden = !unsent.length;
  const fix = unsent.filter((one) => one.state === "needs-fix").length;
  const writing = unsent.filter((one) => one.state === "editing").length;
  box.textContent = `待上传 ${unsent.length}${fix ? `，其中 ${fix} 条需要改正` : ""}${writing ? `，${writing} 条还没有提交` : ""}`;
  const waiting = new Set(unsent.map((one) => String(one.about.pk)));
  document.querySelectorAll("[data-pk]").forEach((row) => {
    row.querySelector("[data-mark]")?.remove();
    if (!waiting.has(row.dataset.pk)) return;
    const mark = document.createElement("span");
    mark.className = "tag warn"; mark.dataset.mark = ""; mark.textContent = "待上传";
    row.querySelector("b").after(mark);
  });
}
async function keepDue() {
  const answer = await fetch(box.dataset.kept, { headers: { "X-Background": "1" }, redirect: "manual" });
  if (answer.ok) await keep("due", await answer.json());
}
async function start() {
  document.addEventListener("drafts", show);
  if (box) await signedIn(box.dataset.user, box.dataset.by);
  await show();
  register();
  await watch();
  if (box) await keepDue().catch(() => null);
}
start().catch(() => null).finally(() => { document.documentElement.dataset.ready = "1"; });
