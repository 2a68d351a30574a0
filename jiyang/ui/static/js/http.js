// Requests to our own server with the CSRF token of the page.
export const token = () => document.body.dataset.csrf || "";

export async function post(url, data) {
  const body = data instanceof FormData ? data : new URLSearchParams(data);
  return fetch(url, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": token(), Accept: "application/json" } });
}
