// Fragments by htmx: CSRF on every request, and a bar that says so when the network fails.
import { token } from "./http.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = token();
  if (event.target.dataset && event.target.dataset.background !== undefined) event.detail.headers["X-Background"] = "1";
});
function bar(text, retry) {
  document.querySelector("[data-offline]")?.remove();
  const box = document.createElement("div");
  box.className = "notice warn"; box.dataset.offline = ""; box.setAttribute("role", "status");
  box.append(`${text} `);
  const button = document.createElement("button");
  button.type = "button"; button.textContent = "重试"; button.addEventListener("click", () => { box.remove(); retry(); });
  box.append(button);
  document.querySelector("main").prepend(box);
}
const failed = (event) => bar("没有连上，内容未丢失。", () => window.htmx.trigger(event.detail.elt, "retry"));
document.addEventListener("htmx:sendError", failed);
document.addEventListener("htmx:timeout", failed);
// A refusal that brings no fragment; one that leads to the log-in has left this page already. What a page asks by itself
// is asked again when the server says that it will be back.
document.addEventListener("htmx:responseError", (event) => {
  const { elt, xhr } = event.detail;
  const retry = () => window.htmx.trigger(elt, "retry");
  const after = xhr.getResponseHeader("Retry-After");
  if (xhr.status === 503 && after) {
    bar(xhr.responseText, retry);
    if (elt.dataset.background !== undefined) setTimeout(retry, after * 1000);
  } else bar(`服务器没有接受这一步（${xhr.status}），内容未丢失。`, retry);
});
document.addEventListener("htmx:beforeRequest", () => document.querySelector("[data-offline]")?.remove());
