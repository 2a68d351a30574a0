// Pages that work without network: the service worker that keeps their shells. Needs HTTPS; without it drafts still work.
export function register() {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => null);
}
