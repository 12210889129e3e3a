// Speaks to the agent: pairing, the stream of views, actions, camera frames. Knows no screen.

const TOKEN = "dipchip-token";
/** The stream says something every 5 s; silence for three times as long means that the agent is gone. */
const SILENCE_MS = 15_000;

let token = sessionStorage.getItem(TOKEN);

/** The page is not paired, or the agent was started anew. */
export class Unpaired extends Error {}

/** Trades the key in the address for this boot's token, and takes the key out of the address. */
export async function pair() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  if (key === null) return;
  const answer = await send("/v1/pair", { key });
  if (!answer.ok) return;
  ({ token } = await answer.json());
  sessionStorage.setItem(TOKEN, token);
}

/** Posts JSON with the token; a panel's script may use it for its own routes. */
export function send(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...bearer() },
    body: JSON.stringify(body),
    redirect: "error",
  });
}

/** Sends an action. Whether it fits the moment is decided by the agent; the next view tells. */
export async function act(action) {
  const answer = await send("/v1/actions", action);
  return answer.ok;
}

/** Calls `seen` with every view until the stream ends. Throws `Unpaired` if the token does not do. */
export async function follow(seen) {
  const abort = new AbortController();
  let silence = setTimeout(() => abort.abort(), SILENCE_MS);
  try {
    const answer = await fetch("/v1/events", { headers: bearer(), signal: abort.signal, redirect: "error" });
    if (answer.status === 401) {
      forget();
      throw new Unpaired();
    }
    if (!answer.ok) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
      const parts = (text + value).split("\n\n");
      text = parts.pop();
      const views = parts.filter((part) => part.startsWith("data: "));
      if (views.length > 0) seen(JSON.parse(views.at(-1).slice(6)));
    }
  } finally {
    clearTimeout(silence);
    abort.abort();
  }
}

/** The camera's last frame as a picture, or null while there is none. */
export async function frame() {
  const answer = await fetch("/v1/preview.jpg", { headers: bearer(), redirect: "error" });
  return answer.status === 200 ? createImageBitmap(await answer.blob()) : null;
}

function bearer() {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

function forget() {
  token = null;
  sessionStorage.removeItem(TOKEN);
}
