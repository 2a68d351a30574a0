// Moments in the register's time zone, whatever the phone is set to.
const HERE = { timeZone: "Asia/Shanghai", hourCycle: "h23" };
const AHEAD = 8 * 3600 * 1000; // the zone has no daylight saving time

export const clock = (at) => new Date(at).toLocaleTimeString("zh-CN", { ...HERE, hour: "2-digit", minute: "2-digit" });
export const stamp = (at) => new Date(at).toLocaleString("zh-CN", { ...HERE, month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
export const isoNow = () => new Date(Date.now() + AHEAD).toISOString().slice(0, 16); // for datetime-local
export const today = () => isoNow().slice(0, 10);
