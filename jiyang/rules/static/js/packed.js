// data-packed="rows" on a form: its fields named by place (n.0.2.value) travel as one, for a request may hold only so many.
const form = document.querySelector("form[data-packed]");
const isRow = (name) => name === "n" || name.startsWith("n.");
function pack(data) {
  const rows = [...data.entries()].filter(([name]) => isRow(name));
  for (const [name] of rows) data.delete(name);
  if (rows.length) data.set(form.dataset.packed, JSON.stringify(rows));
}
if (form) {
  form.addEventListener("formdata", (event) => pack(event.formData));
  // htmx adds the field that was changed once more: the form has it already
  form.addEventListener("htmx:configRequest", (event) => {
    for (const name of [...event.detail.formData.keys()].filter(isRow)) event.detail.formData.delete(name);
  });
}
