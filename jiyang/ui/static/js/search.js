// data-search on a filter form: a term that looks like an ID or phone number goes by POST, so it stands in no address.
import { token } from "./http.js";

const PERSONAL = /^(\d{15}|\d{17}[\dXx]|\d{17}[\dXx]\d{2}([Bb]\d)?|1[3-9]\d{9})$/;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.search === undefined) return;
  const term = form.elements.namedItem("q");
  if (term && PERSONAL.test(term.value.trim())) {
    form.method = "post";
    const field = document.createElement("input");
    field.type = "hidden"; field.name = "csrfmiddlewaretoken"; field.value = token();
    form.append(field);
    return;
  }
  for (const field of form.querySelectorAll("input,select")) if (!field.value) field.disabled = true; // short addresses
});
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.name === "town" && field.form && field.form.dataset.search !== undefined) {
    const village = field.form.elements.namedItem("village");
    if (village) village.value = "";
    field.form.requestSubmit ? field.form.requestSubmit() : field.form.submit();
  }
});

// On a phone a long form of conditions would hide the list: those beyond the fourth that are not in use wait behind a
// button, all but the search box.
function shorten(form) {
  const inputs = (part) => part.querySelector("input,select");
  const spare = [...form.children].filter((part) => part.matches("div")).slice(4)
    .filter((part) => !inputs(part)?.value && inputs(part)?.name !== "q");
  if (spare.length < 2) return;
  const more = document.createElement("button");
  more.type = "button"; more.textContent = `更多条件（${spare.length}）`;
  for (const part of spare) part.hidden = true;
  more.addEventListener("click", () => {
    for (const part of spare) part.hidden = false;
    more.remove();
    inputs(spare[0]).focus();
  });
  form.querySelector("button[type=submit]").before(more);
}
if (matchMedia("(max-width: 720px)").matches) document.querySelectorAll("form[data-search]").forEach(shorten);
