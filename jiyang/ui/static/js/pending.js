// Drafts that wait go up from whatever page is open; a page without any loads nothing for it.
try {
  if (localStorage.getItem("drafts")) import("./queue.js").then((queue) => queue.watch()).catch(() => null);
} catch (failure) { /* storage is switched off: there are no drafts either */ }
