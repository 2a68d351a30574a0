// Keeps styles, scripts and the empty shells of the pages that work offline. No page with anybody's data is ever stored.
// The server writes KEEP = {version, files, shells: [[pattern of the address, shell]]} above.
const NAME = `jiyang-${KEEP.version}`;
const PATIENCE = 10000; // ms before a dead connection counts as none

self.addEventListener("install", (event) => {
  const all = [...KEEP.files, ...KEEP.shells.map(([, shell]) => shell)];
  const one = (cache, url) => fetch(url, { credentials: "omit", cache: "no-cache" }).then((answer) => { if (!answer.ok) throw new Error(url); return cache.put(url, answer); });
  event.waitUntil(caches.open(NAME).then((cache) => Promise.all(all.map((url) => one(cache, url)))).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("jiyang-") && name !== NAME);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});
function orShell(request, shell) {
  return new Promise((done) => {
    const kept = () => caches.match(shell).then((answer) => done(answer || Response.error()));
    const timer = setTimeout(kept, PATIENCE);
    fetch(request).then((answer) => { clearTimeout(timer); done(answer); }, () => { clearTimeout(timer); kept(); });
  });
}
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    const found = KEEP.shells.find(([pattern]) => new RegExp(pattern).test(address.pathname));
    if (found) event.respondWith(orShell(request, found[1]));
  } else if (KEEP.files.includes(address.pathname)) {
    event.respondWith(caches.match(address.pathname).then((answer) => answer || fetch(request)));
  }
});
