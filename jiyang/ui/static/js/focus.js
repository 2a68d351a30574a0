// data-focus: an error summary takes the focus when the page opens.
const target = document.querySelector("[data-focus]");
if (target) target.focus();
