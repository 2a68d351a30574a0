// data-reveal=URL on a masked number: asks the purpose once per household and session, shows the number for 60 seconds.
import { post } from "./http.js";

const SECONDS = 60;

async function reveal(box) {
  const scope = box.dataset.reveal.split("?")[0];
  const key = `purpose:${scope}`;
  const purpose = sessionStorage.getItem(key) || window.prompt("查看全号的用途（将记入调阅日志）", "入户核实");
  if (!purpose || !purpose.trim()) return;
  const [url, query] = box.dataset.reveal.split("?");
  const answer = await post(url, [...new URLSearchParams(query || ""), ["purpose", purpose.trim()]]);
  const value = box.querySelector("[data-value]");
  if (!answer.ok) { window.alert("没有取到，请检查网络或权限后再试"); return; }
  sessionStorage.setItem(key, purpose.trim());
  const masked = value.textContent;
  const button = box.querySelector("button");
  value.textContent = (await answer.json()).value;
  button.hidden = true;
  setTimeout(() => { value.textContent = masked; button.hidden = false; }, SECONDS * 1000);
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-reveal] button");
  if (box) reveal(box.closest("[data-reveal]"));
});
