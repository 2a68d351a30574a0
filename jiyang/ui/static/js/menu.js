// A <details class="menu"> closes when a click or Escape goes elsewhere, and when another one opens.
const close = (keep) => document.querySelectorAll("details.menu[open]").forEach((menu) => { if (menu !== keep) menu.open = false; });
document.addEventListener("click", (event) => close(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});
