// data-dialog=ID on a button opens that <dialog>; data-close inside it closes it again.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) { document.getElementById(opener.dataset.dialog).showModal(); return; }
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog").close();
});
// data-ask on a <dialog>: a fragment that arrives in it opens it.
document.addEventListener("htmx:afterSwap", (event) => {
  const asked = event.detail.target;
  if (asked.dataset.ask !== undefined && !asked.open) asked.showModal();
});
