// A phone's photo as JPEG with a long edge of 1600: fit for a weak network, and without its metadata.
const EDGE = 1600;
const QUALITY = 0.72;

export async function shrink(file) {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, EDGE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/jpeg", QUALITY));
}
