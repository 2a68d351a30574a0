// Drafts on their way up: one at a time, each under its own UUID, only under the log-in of the user who wrote it.
import { announce, anyQueued, blobsOf, draftsOf, kept, mark, saveDraft, settle, tidy } from "./store.js";

const EVERY = 30000; // ms between attempts while something waits
const NAMES = { photos: "photo.jpg", signature: "signature.png" };

// Who is signed in now, with a fresh token. null: nobody, or the session has ended. Throws without network.
export async function session() {
  const answer = await fetch("/session", { cache: "no-store", redirect: "manual", headers: { "X-Background": "1" } });
  if (answer.status >= 500) throw new Error(`session ${answer.status}`);
  if (!answer.ok) return null;
  const found = await answer.json();
  return found.user ? { ...found, user: String(found.user) } : null;
}
export async function send(draft, blobs, token) {
  const body = new FormData();
  for (const [name, value] of Object.entries(draft.fields)) body.append(name, value);
  body.set("client_uuid", draft.uuid);
  body.set("written_by", draft.user);
  for (const one of blobs) body.append(one.name, one.blob, NAMES[one.name] || one.name);
  const headers = { "X-CSRFToken": token, "Idempotency-Key": draft.uuid, "X-Background": "1", Accept: "application/json" };
  const answer = await fetch(draft.url, { method: "POST", body, headers, redirect: "manual" });
  const json = (answer.headers.get("Content-Type") || "").includes("json");
  return { status: answer.type === "opaqueredirect" ? 401 : answer.status, data: json ? await answer.json() : {} };
}
// What an answer means for a draft: sent, to be corrected, or to be tried again (why).
export function outcome({ status, data }) {
  if ((status === 201 || status === 200) && data.url) return { state: "sent", receipt: data.url };
  if ([400, 404, 409, 413, 422].includes(status)) {
    return { state: "needs-fix", status, errors: data.errors || { __all__: [`服务器没有收下（${status}），请打开核对后再提交`] }, receipt: data.url || "" };
  }
  return { state: "queued", why: status === 401 || status === 403 ? "login" : "offline" };
}
async function run() {
  let now;
  try { now = await session(); } catch (failure) { return "offline"; }
  const who = await kept("who");
  const waiting = (await draftsOf(now ? now.user : who && who.user)).filter((draft) => draft.state === "queued");
  if (!waiting.length) return "done";
  if (!now) return "login";
  for (const draft of waiting) {
    let answer;
    try { answer = outcome(await send(draft, await blobsOf(draft.uuid), now.token)); } catch (failure) { return "offline"; }
    if (answer.state === "queued") return answer.why;
    await (answer.state === "sent" ? settle : saveDraft)({ ...draft, ...answer, sent: Date.now() });
  }
  return "done";
}
let running = null;
let timer;
// Send what waits; resolves to done, offline or login. Tabs take turns; the server keeps out a second copy anyway.
export function flush() {
  const turn = () => (navigator.locks ? navigator.locks.request("jiyang-queue", run) : run());
  running = running || turn().catch(() => "offline").then(async (result) => {
    running = null;
    mark(await anyQueued().catch(() => true));
    announce({ result });
    clearTimeout(timer);
    if (result !== "done") timer = setTimeout(flush, EVERY);
    return result;
  });
  return running;
}
export function watch() {
  window.addEventListener("online", flush);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) flush(); });
  tidy().catch(() => null);
  return flush();
}
