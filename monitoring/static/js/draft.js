// The draft behind a form: fields saved 400 ms after each input, pictures in a store of their own, restored on opening.
import { addBlob, announce, blobsOf, draftsOf, dropBlob, dropDraft, readDraft, saveDraft, StoreFull, uuid } from "./store.js";
import { clock } from "./time.js";

const PAUSE = 400;
const SKIPPED = new Set(["csrfmiddlewaretoken", "photos", "signature", "client_uuid", "written_by"]);

export class Draft {
  // `form`; `about` = {user, url, pk, no, name, village, tier}; `say(text, kind)` tells the state.
  constructor(form, about, say) {
    Object.assign(this, { form, about, say, data: null, memory: [], timer: null, broken: false });
  }
  // Take up the draft named in the address or the latest one of this household that nobody else is writing; else a new one.
  async open(asked) {
    const mine = (await draftsOf(this.about.user).catch(() => { this.broken = true; return []; })).filter((one) => one.about.pk === this.about.pk);
    const wanted = asked ? mine.filter((one) => one.uuid === asked) : mine;
    const found = wanted.reverse().find((one) => ["editing", "needs-fix"].includes(one.state));
    const elsewhere = found && !(await this.claim(found.uuid));
    if (found && !elsewhere) { this.data = found; await this.restore(); return { found, waiting: 0 }; }
    this.data = { uuid: uuid(), user: this.about.user, url: this.about.url, about: this.about, fields: {}, state: "editing", saved: 0 };
    await this.claim(this.data.uuid);
    return { elsewhere, waiting: mine.filter((one) => one.state === "queued").length };
  }
  // Whether this tab is the only one that writes the draft; it stays so until the tab closes.
  claim(id) {
    if (!navigator.locks) return Promise.resolve(true);
    return new Promise((done) => {
      navigator.locks.request(`draft:${id}`, { ifAvailable: true }, (lock) => { done(Boolean(lock)); return lock ? new Promise(() => null) : null; });
    });
  }
  async restore() {
    for (const [name, value] of Object.entries(this.data.fields)) {
      const field = this.form.elements.namedItem(name);
      if (field) field.value = value;
    }
    this.memory = await blobsOf(this.data.uuid);
  }
  fields() { return Object.fromEntries([...new FormData(this.form)].filter(([name]) => !SKIPPED.has(name))); }
  later() { clearTimeout(this.timer); this.timer = setTimeout(() => this.save(), PAUSE); }
  // Put what is typed into this browser. False when the browser takes no more: it then stays on the page only.
  async save(state = "editing") {
    clearTimeout(this.timer);
    Object.assign(this.data, { fields: this.fields(), state, saved: Date.now(), about: this.about, url: this.about.url });
    try { await saveDraft(this.data); } catch (failure) { return this.full(failure); }
    this.say(`已存本机 ${clock(this.data.saved)}，${state === "queued" ? "等待上传" : "尚未提交"}`, state === "queued" ? "wait" : "");
    announce({});
    return true;
  }
  full(failure) {
    this.broken = true;
    const why = failure instanceof StoreFull ? "本机存储已满" : "这个浏览器不能存草稿";
    this.say(`${why}，内容只在本页，请勿关闭，联网后直接提交`, "wait");
    return false;
  }
  async keep(name, blob) {
    const one = { uuid: this.data.uuid, name, blob, at: Date.now(), key: `page-${uuid()}` };
    try { one.key = await addBlob(this.data.uuid, name, blob); } catch (failure) { this.full(failure); }
    this.memory.push(one);
    return one.key;
  }
  async drop(key) {
    this.memory = this.memory.filter((one) => one.key !== key);
    if (typeof key === "number") await dropBlob(key).catch(() => null);
  }
  pictures(name) { return this.memory.filter((one) => one.name === name); }
  async reload() { return readDraft(this.data.uuid); }
  // After the server found the UUID used for another content: what is here becomes a visit of its own.
  async renew() {
    const pictures = this.memory;
    const former = this.data.uuid;
    this.data = { ...this.data, uuid: uuid(), errors: null, status: null, receipt: "", state: "editing" };
    this.memory = [];
    await this.save();
    for (const one of pictures) await this.keep(one.name, one.blob);
    await dropDraft(former).catch(() => null);
  }
  discard() { return dropDraft(this.data.uuid); }
}
