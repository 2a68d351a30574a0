// data-selection: boxes of a table that belong to this form; a bar that says how many (data-chosen) shows once something is selected.
const bar = document.querySelector("[data-selection]");
if (bar) {
  const picks = () => [...document.querySelectorAll(`input[type=checkbox][form=${bar.id}]`)];
  const all = bar.elements.namedItem("all");
  const told = bar.querySelector("[data-chosen]");
  const head = document.querySelector("[data-pick-all]");
  const show = () => {
    const boxes = picks(), chosen = boxes.filter((box) => box.checked).length;
    const everything = all && all.checked;
    if (told) {
      bar.hidden = !chosen && !everything;
      told.textContent = Number(everything ? all.dataset.total : chosen).toLocaleString("en");
    }
    if (head) {
      head.checked = boxes.length > 0 && chosen === boxes.length;
      head.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    boxes.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
  };
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (head && box === head) { picks().forEach((one) => { one.checked = head.checked; }); if (all && !head.checked) all.checked = false; }
    else if (box === all && all.checked) picks().forEach((one) => { one.checked = true; });
    else if (box.form === bar && box !== all && all && !box.checked) all.checked = false;
    show();
  });
  window.addEventListener("pageshow", show);
  show();
}
