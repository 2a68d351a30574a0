// data-photos: takes pictures one after the other, shows each with its size and a button that removes it.
import { shrink } from "./photo.js";
import { clock } from "./time.js";

// `keep(blob)` stores one and resolves to its key, `drop(key)` removes it, `changed()` hears of both, `say(text)` of trouble.
export function photos(box, { keep, drop, changed, say }) {
  const input = box.querySelector("input[type=file]");
  const list = box.querySelector("[data-thumbs]");
  const most = Number(box.dataset.photos);
  const count = () => list.children.length;
  function show(key, blob, at) {
    const tile = document.createElement("li");
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(blob); picture.alt = `照片 ${count() + 1}`;
    const note = document.createElement("small");
    note.textContent = `${clock(at)} ${Math.ceil(blob.size / 1024)} KB`;
    const remove = document.createElement("button");
    remove.type = "button"; remove.textContent = "删除"; remove.setAttribute("aria-label", `删除${picture.alt}`);
    remove.addEventListener("click", async () => { await drop(key); URL.revokeObjectURL(picture.src); tile.remove(); changed(); });
    tile.append(picture, note, remove);
    list.append(tile);
  }
  input.addEventListener("change", async () => {
    say("");
    for (const file of [...input.files]) {
      if (count() >= most) { say(`照片最多 ${most} 张，其余没有加入`); break; }
      let blob;
      try { blob = await shrink(file); } catch (failure) { say(`“${file.name}”不是这个浏览器能读的照片，请选 JPG 或 PNG，或重拍`); continue; }
      show(await keep(blob), blob, Date.now());
      changed();
    }
    input.value = "";
  });
  return { show, count };
}
