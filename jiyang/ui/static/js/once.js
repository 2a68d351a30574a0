// data-once="正在…" on a form: the first submit wins, the button says what is happening.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.once === undefined) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const button = event.submitter || form.querySelector("button[type=submit]");
  if (button) { button.dataset.label = button.textContent; button.textContent = form.dataset.once; setTimeout(() => { button.disabled = true; }, 0); }
});
// Coming back by the browser's back button finds the form usable again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
  delete form.dataset.sent;
  form.querySelectorAll("button[data-label]").forEach((button) => { button.disabled = false; button.textContent = button.dataset.label; });
}));
