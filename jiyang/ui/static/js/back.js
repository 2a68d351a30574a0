// data-list marks a list: its address, conditions and page with it, is kept for this tab, and a record's crumbs lead back to it.
const key = (path) => `list:${path}`;
const keep = () => { if (document.querySelector("[data-list]")) sessionStorage.setItem(key(location.pathname), location.search); };

keep();
window.addEventListener("pageshow", keep); // a list that the browser's back button brings up again
for (const link of document.querySelectorAll(".crumbs a")) {
  const left = sessionStorage.getItem(key(link.pathname));
  if (left && !link.search) link.search = left;
}
