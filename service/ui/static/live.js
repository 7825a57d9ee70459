// Follows the events of the job that is shown, or of all jobs under their list: appends each one where the page has a
// place for it, and loads the live part of the page again.
// EventSource resumes by itself with the last id, so a lost connection leaves no gap.

const live = document.getElementById("live");
const list = document.getElementById("events");
const connection = document.getElementById("connection");
const MOST = 500;
const PAUSE = Number(live?.dataset.pause ?? 400);
const LONGEST_PAUSE = 15000;

let loading = false;
let stale = false;
let failures = 0;

/** Load the live part; events that come meanwhile make it load once more. */
async function refresh() {
  if (loading) {
    stale = true;
    return;
  }
  loading = true;
  try {
    const answer = await fetch(live.dataset.page, { headers: { Accept: "text/html" } });
    if (answer.redirected) {
      location.reload(); // the session has ended: the page leads to the log-in
      return;
    }
    if (answer.ok) replace(await answer.text());
    failures = answer.ok ? 0 : failures + 1; // too many requests, or the service is away for a moment
  } catch {
    failures += 1; // the connection is away
  }
  if (failures) stale = true;
  await new Promise((done) => setTimeout(done, Math.min(PAUSE * 2 ** failures, LONGEST_PAUSE)));
  loading = false;
  if (stale) {
    stale = false;
    refresh();
  }
}

/** Put in the new part, but leave alone what the reader has open, scrolled or is filling in. */
function replace(html) {
  const open = [...live.querySelectorAll("details")].map((one) => one.open);
  const scrolled = [...live.querySelectorAll(".wide")].map((one) => one.scrollLeft);
  const chosen = live.querySelector("#on_cancel")?.value;
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  if (focused && focused.matches("select")) {
    focused.onblur = refresh; // not before: an open list would close
    return;
  }
  const path = focused && [...live.querySelectorAll("a, button, select, summary, [tabindex]")].indexOf(focused);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  live.replaceChildren(...parsed.body.childNodes);
  live.querySelectorAll("details").forEach((one, number) => (one.open = open[number] ?? false));
  live.querySelectorAll(".wide").forEach((one, number) => (one.scrollLeft = scrolled[number] ?? 0));
  const select = live.querySelector("#on_cancel");
  if (select && chosen) select.value = chosen;
  if (focused) live.querySelectorAll("a, button, select, summary, [tabindex]")[path]?.focus();
}

/** Say in words what an event tells. */
function told(data) {
  const inner = data.data ?? {};
  const lines = (inner.lines ?? []).map((line) => `${line.stream}: ${line.text}`);
  if (inner.dropped) lines.push(`${inner.dropped} lines are left out`);
  const word = inner.message || inner.error?.detail || inner.reason || lines.join("\n");
  const percent = inner.percent === undefined || inner.percent === null ? "" : ` ${inner.percent} %`;
  return `${word}${percent}`;
}

function append(event) {
  if (!list) return;
  const data = JSON.parse(event.data);
  const item = document.createElement("li");
  item.dataset.id = event.lastEventId;
  item.className = data.type.replaceAll(".", "-");
  const time = document.createElement("time");
  time.dateTime = data.timestamp;
  time.textContent = data.timestamp.slice(11, 19);
  const type = document.createElement("b");
  type.textContent = data.type;
  const words = document.createElement("span");
  words.textContent = told(data);
  item.append(time, " ", type, ` ${data.step_id ?? ""} `, words);
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  list.append(item);
  while (list.children.length > MOST) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function follow() {
  const after = live.dataset.after;
  const source = new EventSource(live.dataset.events + (after ? `?after=${encodeURIComponent(after)}` : ""));
  const types = live.dataset.types.split(" ");
  source.onopen = () => {
    connection.textContent = "Live.";
    refresh();
  };
  source.onerror = () => {
    connection.textContent = "The connection is lost; it is tried again.";
    if (source.readyState === EventSource.CLOSED) refresh();
  };
  for (const type of types) {
    source.addEventListener(type, (event) => {
      append(event);
      refresh();
    });
  }
  source.addEventListener("gap", () => {
    connection.textContent = "Some older events are no longer kept.";
  });
  source.addEventListener("end", () => {
    source.close();
    connection.textContent = "The job has ended.";
    refresh();
  });
}

if (live) {
  if (list) list.scrollTop = list.scrollHeight;
  if (!("final" in live.dataset)) follow();
}
