// data-selection: boxes of a table that belong to this form; the bar of acts shows once something is selected.
const bar = document.querySelector("[data-selection]");
if (bar) {
  const picks = () => [...document.querySelectorAll(`input[name=pk][form=${bar.id}]`)];
  const all = bar.elements.namedItem("all");
  const head = document.querySelector("[data-pick-all]");
  const show = () => {
    const boxes = picks(), chosen = boxes.filter((box) => box.checked).length;
    const everything = all && all.checked;
    bar.hidden = !chosen && !everything;
    bar.querySelector("[data-chosen]").textContent = Number(everything ? all.dataset.total : chosen).toLocaleString("en");
    head.checked = boxes.length > 0 && chosen === boxes.length;
    head.indeterminate = chosen > 0 && chosen < boxes.length;
    boxes.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
  };
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (box === head) { picks().forEach((one) => { one.checked = head.checked; }); if (all && !head.checked) all.checked = false; }
    else if (box === all && all.checked) picks().forEach((one) => { one.checked = true; });
    else if (box.name === "pk" && all && !box.checked) all.checked = false;
    show();
  });
  window.addEventListener("pageshow", show);
  show();
}
