// The page of this browser's drafts and kept due list. Works without network; everything on it comes from the browser's store.
import { register } from "./offline.js";
import { flush, watch } from "./queue.js";
import { badge, dueText, RESULTS } from "./shown.js";
import { blobsOf, dropDraft, kept, saveDraft, unsentOf } from "./store.js";
import { stamp } from "./time.js";

const STATES = { editing: "还没有提交", queued: "等待上传", "needs-fix": "需要改正" };
const bar = document.querySelector("[data-save-state]");
const part = (name) => document.querySelector(`[data-${name}]`);

function made(tag, text = "", kind = "") {
  const node = document.createElement(tag);
  node.textContent = text; node.className = kind;
  return node;
}
function button(text, act, kind = "") {
  const node = made("button", text, kind);
  node.type = "button"; node.addEventListener("click", act);
  return node;
}
function drop(draft) {
  const dialog = document.getElementById("drop");
  part("drop-what").textContent = `${draft.about.name}（${draft.about.village.trim()}）${stamp(draft.saved)} 填写的走访，连同照片和签字从本机删除，不能找回。`;
  dialog.returnValue = "";
  dialog.onclose = async () => { if (dialog.returnValue === "drop") { await dropDraft(draft.uuid); show(); } };
  dialog.showModal();
}
async function line(draft) {
  const item = document.createElement("li");
  const head = made("p");
  head.append(made("b", draft.about.name), made("span", ` ${draft.about.village.trim()} `), made("span", STATES[draft.state], `tag ${draft.state === "queued" ? "info" : "warn"}`));
  const blobs = await blobsOf(draft.uuid);
  const said = made("p", `${(draft.fields.visited_at || "").replace("T", " ")}　照片 ${blobs.filter((one) => one.name === "photos").length} 张${blobs.some((one) => one.name === "signature") ? "，已签字" : ""}`, "muted");
  item.append(head, said);
  if (draft.fields.notes) item.append(made("p", draft.fields.notes));
  for (const text of Object.values(draft.errors || {}).flat()) if (draft.state === "needs-fix") item.append(made("p", text, "error"));
  const actions = made("p", "", "actions");
  if (draft.state !== "queued" && draft.status !== 404) {
    const open = made("a", "打开", "btn");
    open.href = `${draft.url}?draft=${draft.uuid}`;
    actions.append(open);
  }
  if (draft.status === 404) actions.append(button("再试一次上传", async () => { await saveDraft({ ...draft, state: "queued", errors: null, status: null }); flush(); }));
  if (draft.state !== "queued") actions.append(button("放弃", () => drop(draft), "danger"));
  if (actions.children.length) item.append(actions);
  return item;
}
function dueLine(row) {
  const item = made("a", "", "item");
  item.href = `/monitoring/household/${row.pk}/visit/`;
  const text = document.createElement("span");
  text.append(made("b", row.name), made("small", `${row.village}　上次 ${row.last ? row.last.on : "—"}`));
  item.append(badge(row.tier), text, made("span", dueText(row.due), row.due && dueText(row.due).startsWith("超期") ? "due due-bad" : "due"));
  return item;
}
async function show() {
  const [who, due] = [await kept("who"), await kept("due")];
  const unsent = who ? await unsentOf(who.user) : [];
  if (who) part("who").textContent = `${who.name}，本机填写的内容只用本人账号上传`;
  part("count").textContent = unsent.length;
  part("drafts").replaceChildren(...(await Promise.all(unsent.map(line))));
  if (!unsent.length) part("drafts").append(made("li", who ? "没有待上传的走访。" : "请连上网络登录后再来。", "muted"));
  const rows = who && due && due.user === who.user ? due.rows : [];
  part("kept-at").textContent = rows.length ? `${rows.length} 户，${stamp(due.at)} 存` : "";
  part("due").replaceChildren(...rows.map(dueLine));
  if (!rows.length) part("due").append(made("p", "本机没有存到期户。连上网络打开“今日走访”后自动存。", "empty"));
}
function say(result) {
  const [text, kind] = RESULTS[result] || RESULTS.offline;
  bar.className = `saved ${kind}`; bar.querySelector("span").textContent = text;
  if (result !== "login") return;
  const link = made("a", "登录");
  link.href = `/accounts/login/?next=${location.pathname}`;
  bar.querySelector("span").append(" ", link);
}
document.addEventListener("drafts", async (event) => { if (event.detail.result) say(event.detail.result); await show(); });
show().then(() => { register(); return watch(); }).catch(() => say("offline")).finally(() => { document.documentElement.dataset.ready = "1"; });
