// What was typed and photographed, kept in this browser (IndexedDB) by the user who wrote it until the server has it.
import { openDB } from "../vendor/idb.js";

const DAYS = 7; // how long a sent draft stays, as proof
export const UNSENT = ["editing", "queued", "needs-fix"];
export class StoreFull extends Error {}

let opened;
const db = () => {
  opened = opened || openDB("jiyang", 1, {
    upgrade(made) {
      made.createObjectStore("drafts", { keyPath: "uuid" }).createIndex("user", "user");
      made.createObjectStore("blobs", { keyPath: "key", autoIncrement: true }).createIndex("uuid", "uuid");
      made.createObjectStore("kept");
    },
    blocking() { opened.then((one) => one.close()); opened = null; },
    terminated() { opened = null; },
  });
  return opened;
};
async function write(act) {
  try { return await act(await db()); } catch (failure) {
    if (failure && failure.name === "QuotaExceededError") throw new StoreFull();
    throw failure;
  }
}

export const uuid = () => {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
  return Array.from(bytes, (byte, at) => ([4, 6, 8, 10].includes(at) ? "-" : "") + byte.toString(16).padStart(2, "0")).join("");
};
// Every page asks this mark whether something waits (pending.js); the store itself opens only then.
export function mark(waits) { try { if (waits) localStorage.setItem("drafts", "1"); else localStorage.removeItem("drafts"); } catch (failure) { /* switched off */ } }
export const saveDraft = (draft) => { if (draft.state === "queued") mark(true); return write((one) => one.put("drafts", draft)); };
export const anyQueued = async () => (await (await db()).getAll("drafts")).some((draft) => draft.state === "queued");
export const readDraft = async (id) => (await db()).get("drafts", id);
export const draftsOf = async (user) => (user ? (await (await db()).getAllFromIndex("drafts", "user", String(user))).sort((a, b) => a.saved - b.saved) : []);
export const unsentOf = async (user) => (await draftsOf(user)).filter((draft) => UNSENT.includes(draft.state));
export const addBlob = (id, name, blob) => write((one) => one.add("blobs", { uuid: id, name, blob, at: Date.now() }));
export const blobsOf = async (id) => (await db()).getAllFromIndex("blobs", "uuid", id);
export const dropBlob = (key) => write((one) => one.delete("blobs", key));
export const dropBlobs = async (id) => { for (const blob of await blobsOf(id)) await dropBlob(blob.key); };
// A draft that is up: its mark and the end of its pictures in one step, so that a page closed meanwhile leaves neither half.
export const settle = (draft) => write(async (one) => {
  const step = one.transaction(["drafts", "blobs"], "readwrite");
  const blobs = step.objectStore("blobs");
  const keys = await blobs.index("uuid").getAllKeys(draft.uuid);
  await Promise.all([step.objectStore("drafts").put(draft), ...keys.map((key) => blobs.delete(key)), step.done]);
});
export const dropDraft = async (id) => { await dropBlobs(id); await write((one) => one.delete("drafts", id)); };
export const keep = (name, value) => write((one) => one.put("kept", value, name));
export const kept = async (name) => (await db()).get("kept", name);
export const forget = () => write((one) => one.clear("kept"));

// The signed-in user of this page. Another one than before: what was kept for the former is cleared, their drafts stay.
export async function signedIn(user, name) {
  const before = await kept("who");
  if (before && before.user !== String(user)) await forget();
  await keep("who", { user: String(user), name });
}
export async function tidy() {
  const old = Date.now() - DAYS * 24 * 3600 * 1000;
  for (const draft of await (await db()).getAll("drafts")) if (draft.state === "sent" && draft.sent < old) await dropDraft(draft.uuid);
}

// Other tabs and other parts of this page hear that something changed.
const channel = window.BroadcastChannel ? new BroadcastChannel("jiyang-drafts") : null;
const say = (detail) => document.dispatchEvent(new CustomEvent("drafts", { detail }));
if (channel) channel.onmessage = (event) => say(event.data);
export function announce(detail) { say(detail); if (channel) channel.postMessage(detail); }
