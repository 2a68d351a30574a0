// data-logout on the log-out form: warns while something has not gone up, and clears the lists kept for offline work.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.dataset.logout === undefined) return;
  event.preventDefault();
  try {
    const { forget, kept, unsentOf } = await import("./store.js");
    const who = await kept("who");
    const unsent = who ? await unsentOf(who.user) : [];
    const text = `还有 ${unsent.length} 条走访没有上传。退出后仍存在本机，下次用本人账号在本机登录后上传；换用别的手机或清除浏览器数据则看不到。仍要退出吗`;
    if (unsent.length && !window.confirm(text)) return;
    sessionStorage.clear();
    await forget();
  } catch (failure) { /* no store in this browser: nothing is kept */ }
  form.submit();
});
