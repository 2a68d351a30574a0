// Small pieces of the visit pages' words and marks that the server draws elsewhere.
import { today } from "./time.js";

const TITLES = { A: "A 类 重点", B: "B 类 关注", C: "C 类 一般" };

export function badge(tier) {
  const mark = document.createElement("span");
  mark.className = `tier ${tier || "none"}`; mark.title = TITLES[tier] || "未分类"; mark.textContent = tier || "·";
  return mark;
}
export function dueText(day) {
  if (!day) return "—";
  const left = Math.round((Date.parse(day) - Date.parse(today())) / 86400000);
  if (left < 0) return `超期 ${-left} 天`;
  return left === 0 ? "今天到期" : `${day.slice(5)} 前`;
}
export function labelOf(form, name) {
  const chosen = form.querySelector(`input[name="${name}"]:checked`);
  return chosen ? chosen.parentElement.textContent.trim() : "";
}
export const RESULTS = { done: ["已连上", "sent"], offline: ["没有网络，内容存在本机，联网后自动上传", "wait"], login: ["登录已过期，重新登录后上传", "wait"] };
