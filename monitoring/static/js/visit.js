// data-visit: the visit form, online or in its shell. Queue first, then send; what the server says decides what is shown.
import "./focus.js";
import { Draft } from "./draft.js";
import { register } from "./offline.js";
import { photos } from "./photos.js";
import { flush, outcome, send, session, watch } from "./queue.js";
import { badge, dueText, labelOf } from "./shown.js";
import { signature } from "./signature.js";
import { kept, signedIn, unsentOf } from "./store.js";
import { isoNow, stamp } from "./time.js";

const form = document.querySelector("[data-visit]");
const bar = document.querySelector("[data-save-state]");
const part = (name, root = document) => root.querySelector(`[data-${name}]`);
const fill = (name, text) => { document.querySelector(`[data-fill=${name}]`).textContent = text; };
const WHY = { offline: "现在没有网络。可以关闭本页，联网后自动上传。", login: "登录已过期，重新登录后上传。", done: "现在登录的是另一个账号，用填写人的账号登录后上传。" };
let draft;
let sending = false;

function say(text, kind = "") { bar.className = `saved ${kind}`; bar.querySelector("span").textContent = text; }
function note(...content) { const box = part("note"); box.replaceChildren(...content); box.hidden = false; }
function button(text, act) {
  const made = document.createElement("button");
  made.type = "button"; made.textContent = text; made.addEventListener("click", act);
  return made;
}
// Which household: of the page, or of the kept list for the shell. Null when it is not kept here.
async function subject() {
  if (form.dataset.shell === undefined) {
    const { user, by, household, no } = form.dataset;
    await signedIn(user, by).catch(() => null);
    return { user, pk: Number(household), no, url: location.pathname, name: document.querySelector("[data-fill=name]").textContent, village: document.querySelector("[data-fill=village]").textContent, signed: form.dataset.signed !== undefined };
  }
  const [who, due] = [await kept("who"), await kept("due")];
  const pk = Number((location.pathname.match(/household\/(\d+)\//) || [])[1]);
  const row = who && due && due.user === who.user && due.rows.find((one) => one.pk === pk);
  if (!row) return null;
  fill("name", row.name); fill("village", row.village); fill("due", `上次记录 ${row.last ? row.last.on : "—"}，${dueText(row.due)}`);
  document.querySelector("[data-fill=tier]").append(badge(row.tier));
  for (const [name, value] of Object.entries(row.last || {})) if (form.elements.namedItem(name)) form.elements.namedItem(name).value = value;
  form.elements.namedItem("visited_at").value = isoNow();
  form.elements.namedItem("done_by").value = due.by;
  form.hidden = false;
  return { user: who.user, pk, no: row.no, url: location.pathname, name: row.name, village: row.village, tier: row.tier, signed: row.signed };
}
function showErrors(errors) {
  form.querySelectorAll("[data-live]").forEach((old) => old.remove());
  form.querySelectorAll(".field.bad").forEach((old) => old.classList.remove("bad"));
  const names = Object.keys(errors || {});
  names.forEach((name, place) => {
    const field = form.elements.namedItem(name);
    const box = (name === "signature" ? part("signature", form) : (field instanceof RadioNodeList ? field[0] : field)?.closest(".field")) || form.querySelector(".field");
    for (const text of [...errors[name]].reverse()) {
      const line = document.createElement("div");
      line.className = "error"; line.dataset.live = ""; line.setAttribute("role", "alert"); line.textContent = text;
      box.prepend(line);
    }
    box.classList.add("bad");
    if (!place) box.scrollIntoView({ block: "center" });
  });
  if (names.length) say(`有 ${names.length} 处需要改正，内容仍在本机`, "wait");
}
async function showQueued(result) {
  const { name, village, pk, user } = draft.about;
  const fields = draft.data.fields;
  const raised = [["education", "义务教育"], ["medical", "基本医疗"], ["housing", "住房安全"], ["water", "饮水安全"]].filter(([key]) => fields[key] === "problem").map(([, label]) => `${label}有问题`);
  if (fields.risk === "verify") raised.push("返贫风险转核实");
  const said = { head: `${name}（${village.trim()}）`, way: `${labelOf(form, "method")}，${labelOf(form, "met")}`, photos: `${draft.pictures("photos").length} 张`, signature: draft.pictures("signature").length ? "已签" : "没有签", raised: raised.join("；") || "没有" };
  for (const [key, text] of Object.entries(said)) document.querySelector(`[data-said=${key}]`).textContent = text;
  part("why").textContent = WHY[result];
  const unsent = await unsentOf(user);
  part("waiting").textContent = `待上传（${unsent.length}）`;
  const due = await kept("due");
  const busy = new Set([pk, ...unsent.map((one) => one.about.pk)]);
  const next = due && due.user === user && due.rows.find((row) => !busy.has(row.pk));
  if (next) { part("next").href = `/monitoring/household/${next.pk}/visit/`; part("next").textContent = `下一户：${next.name}，${dueText(next.due)}`; part("next").hidden = false; }
  const panel = document.querySelector(".queued[data-queued]");
  form.hidden = true; panel.hidden = false; panel.focus();
  window.scrollTo(0, 0);
}
async function settle(result) {
  const now = await draft.reload();
  if (!now) return;
  if (now.state === "sent") { say("已上传", "sent"); location.assign(now.receipt); return; }
  if (now.state === "needs-fix") { draft.data = now; showProblems(); return; }
  await showQueued(result);
}
function showProblems() {
  form.hidden = false; document.querySelector(".queued[data-queued]").hidden = true;
  showErrors(draft.data.errors);
  if (draft.data.status !== 409) return;
  const actions = [button("作为另一次走访保留", async () => { await draft.renew(); showErrors({}); part("note").hidden = true; })];
  if (draft.data.receipt) { const link = document.createElement("a"); link.href = draft.data.receipt; link.textContent = "看已有的记录"; actions.unshift(link, " "); }
  note(...actions);
}
// The browser keeps nothing (full, or none): what is on the page goes up directly.
async function sendFromPage() {
  const data = { ...draft.data, fields: draft.fields() };
  try {
    const now = await session();
    const answer = now && now.user === draft.about.user ? outcome(await send(data, draft.memory, now.token)) : { state: "queued", why: "login" };
    if (answer.state === "sent") { await draft.discard().catch(() => null); location.assign(answer.receipt); return; }
    if (answer.state === "needs-fix") { showErrors(answer.errors); return; }
    say(answer.why === "login" ? "登录已过期，内容只在本页。请在另一个页面登录后回到这里提交" : "没有连上，内容只在本页，请勿关闭，联网后再提交", "wait");
  } catch (failure) { say("没有网络，内容只在本页，请勿关闭，联网后再提交", "wait"); }
}
async function submit() {
  if (sending) return;
  sending = true;
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  button.disabled = true; button.textContent = "正在提交…";
  try {
    if (draft.about.signed && form.elements.namedItem("method").value === "home" && form.elements.namedItem("met").value !== "nobody" && !draft.pictures("signature").length) {
      await draft.save(); showErrors({ signature: ["请户主或家属在屏幕上签名后再提交"] }); return;
    }
    if (draft.broken || !(await draft.save("queued"))) { await sendFromPage(); return; }
    await settle(await flush());
  } finally { sending = false; button.disabled = false; button.textContent = label; }
}
function pictures() {
  const trouble = part("trouble", form);
  const shots = photos(part("photos", form), {
    keep: (blob) => draft.keep("photos", blob), drop: (key) => draft.drop(key), changed: () => { if (!draft.broken) draft.save(); },
    say: (text) => { trouble.textContent = text; trouble.hidden = !text; },
  });
  const pad = signature(part("signature", form), {
    changed: async (blob) => {
      for (const old of draft.pictures("signature")) await draft.drop(old.key);
      if (blob) await draft.keep("signature", blob);
      part("signature", form).dataset.signature = blob ? "kept" : "";
      if (!draft.broken) draft.save();
    },
  });
  for (const one of draft.pictures("photos")) shots.show(one.key, one.blob, one.at);
  for (const one of draft.pictures("signature")) pad.show(one.blob);
}
async function start() {
  const about = await subject();
  if (!about) { bar.hidden = true; part("absent").hidden = false; return; }
  draft = new Draft(form, about, say);
  const { found, elsewhere, waiting } = await draft.open(new URLSearchParams(location.search).get("draft"));
  pictures();
  if (found) {
    say(`已恢复 ${stamp(found.saved)} 存在本机的内容，尚未提交`);
    if (found.state === "needs-fix") showProblems();
    else note("这是上次没有提交的内容。 ", button("不要了，重新填", async () => { await draft.discard(); location.replace(location.pathname); }));
  } else if (elsewhere) note("这户的走访正在另一个页面填写，本页另存一份，两份互不覆盖。");
  else if (waiting) note(`这户已有 ${waiting} 条走访在等待上传，不必重复登记。`);
  form.addEventListener("input", () => { if (!draft.broken) draft.later(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  document.addEventListener("drafts", (event) => { if (!document.querySelector(".queued[data-queued]").hidden && event.detail.result === "done") settle("done"); });
  register();
  watch();
}
start().finally(() => { document.documentElement.dataset.ready = "1"; });
