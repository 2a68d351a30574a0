// data-print on a button prints the page; the print style leaves out what only works on a screen.
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
