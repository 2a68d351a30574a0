// The masthead is one line: modules that do not fit wait under 更多, in their order. On a phone the line is drawn sideways.
const nav = document.querySelector(".mast nav");
const wide = matchMedia("(min-width: 721px)");

function fold() {
  const links = [...nav.querySelectorAll("a")];
  nav.classList.remove("folded");
  nav.replaceChildren(...links);
  const fits = () => nav.scrollWidth <= nav.clientWidth;
  if (!wide.matches || fits()) return;
  const [more, summary, spare] = ["details", "summary", "div"].map((name) => document.createElement(name));
  more.className = "menu"; summary.textContent = "更多";
  more.append(summary, spare); nav.append(more);
  for (const link of links.reverse()) {
    if (fits()) break;
    if (!link.hasAttribute("aria-current")) spare.prepend(link);
  }
  nav.classList.add("folded");
}
if (nav) {
  fold();
  document.fonts.ready.then(fold);
  addEventListener("resize", fold);
}
