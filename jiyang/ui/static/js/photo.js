// A phone's photo as JPEG with a long edge of 1600 and at most 400 KB: fit for a weak network, without its metadata.
const STEPS = [[1600, 0.72], [1600, 0.6], [1280, 0.6], [1024, 0.5], [800, 0.4]];
const LARGEST = 400 * 1024;

async function drawn(image, edge, quality) {
  const scale = Math.min(1, edge / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/jpeg", quality));
}
// Throws when the file is no picture that this browser reads.
export async function shrink(file) {
  const image = await createImageBitmap(file);
  let blob;
  for (const [edge, quality] of STEPS) {
    blob = await drawn(image, edge, quality);
    if (blob.size <= LARGEST) break;
  }
  image.close();
  return blob;
}
