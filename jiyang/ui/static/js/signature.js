// data-signature: a signature drawn with the finger, sharp on dense screens, as PNG. The drawing code comes after the first paint.
export function signature(box, { changed }) {
  const canvas = box.querySelector("canvas");
  const shown = box.querySelector("img");
  let pad = null;
  function fit() {
    const ratio = Math.max(window.devicePixelRatio || 1, 1);
    const strokes = pad ? pad.toData() : [];
    canvas.width = canvas.offsetWidth * ratio; canvas.height = canvas.offsetHeight * ratio;
    canvas.getContext("2d").scale(ratio, ratio);
    if (pad) { pad.clear(); pad.fromData(strokes); }
  }
  function show(blob) {
    shown.src = URL.createObjectURL(blob); shown.hidden = false; canvas.hidden = true;
  }
  box.querySelector("button").addEventListener("click", () => {
    shown.hidden = true; canvas.hidden = false;
    if (pad) { fit(); pad.clear(); }
    changed(null);
  });
  import("../vendor/signature_pad.js").then(({ default: SignaturePad }) => {
    pad = new SignaturePad(canvas, { penColor: "#16211f", minWidth: 1, maxWidth: 3 });
    pad.addEventListener("endStroke", () => canvas.toBlob((blob) => { if (blob) changed(blob); }, "image/png"));
    fit();
    let width = canvas.offsetWidth;
    window.addEventListener("resize", () => { if (canvas.offsetWidth && canvas.offsetWidth !== width) { width = canvas.offsetWidth; fit(); } });
    box.dataset.ready = "1";
  }).catch(() => { box.hidden = true; });
  return { show };
}
