// data-visit: keeps what is typed in this browser until the server has it, shrinks the photo, submits once.
import { token } from "./http.js";
import { shrink } from "./photo.js";

const form = document.querySelector("[data-visit]");
const state = document.querySelector("[data-save-state]");
const key = `visit:${form.dataset.user}:${form.dataset.household}`;
const SKIPPED = new Set(["csrfmiddlewaretoken", "photo"]);
let photo = null;
let sending = false;
let timer;

function say(text, kind = "") {
  state.className = `saved ${kind}`;
  state.querySelector("span").textContent = text;
}
function values() {
  return Object.fromEntries([...new FormData(form)].filter(([name]) => !SKIPPED.has(name)));
}
function save() {
  localStorage.setItem(key, JSON.stringify({ at: Date.now(), values: values() }));
  say(`已存本机 ${new Date().toTimeString().slice(0, 5)}，尚未提交`);
}
function restore() {
  const kept = JSON.parse(localStorage.getItem(key) || "null");
  if (!kept || document.querySelector(".summary")) return;
  for (const [name, value] of Object.entries(kept.values)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  say(`已恢复 ${new Date(kept.at).toTimeString().slice(0, 5)} 存在本机的内容，尚未提交`);
}
function showErrors(errors) {
  form.querySelectorAll(".error[data-live]").forEach((old) => old.remove());
  const names = Object.keys(errors);
  for (const name of names) {
    const field = form.elements.namedItem(name);
    const box = (field instanceof RadioNodeList ? field[0] : field)?.closest(".field") || form.querySelector(".field");
    for (const text of errors[name]) {
      const line = document.createElement("div");
      line.className = "error"; line.dataset.live = ""; line.textContent = text;
      box.prepend(line);
    }
    box.classList.add("bad");
    if (name === names[0]) box.scrollIntoView({ block: "center" });
  }
  say(`有 ${names.length} 处需要改正，内容仍在本机`, "wait");
}
async function submit() {
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  save(); // before anything can fail
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;
  button.disabled = true; button.textContent = "正在提交…";
  const body = new FormData(form);
  body.delete("photo");
  if (photo) body.append("photo", photo, "photo.jpg");
  try {
    const answer = await fetch(form.action || location.href, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": token(), Accept: "application/json" } });
    if (answer.redirected || answer.status === 401) { say("登录已过期，内容仍在本机。请重新登录后再提交", "wait"); return; }
    const data = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
    if (answer.ok && data.url) { localStorage.removeItem(key); say("已上传", "sent"); location.assign(data.url); return; }
    if (data.errors) { showErrors(data.errors); return; }
    say(`没有提交成功（${answer.status}），内容仍在本机，请稍后再试`, "wait");
  } catch (failure) {
    say("没有网络，内容已存本机。联网后请再点提交", "wait");
  } finally {
    sending = false; button.disabled = false; button.textContent = label;
  }
}
form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(save, 400); });
form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.elements.namedItem("photo").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  const preview = form.querySelector("[data-preview]");
  photo = null; preview.hidden = true;
  if (!file) return;
  try { photo = await shrink(file); preview.src = URL.createObjectURL(photo); preview.hidden = false; } catch (failure) { photo = file; }
});
restore();
document.documentElement.dataset.ready = "1";
