// The page of the local Slack: one module, no build step. Text from messages becomes DOM nodes, never HTML.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const state = { me: "", channel: "", thread: "", home: "", target: "", picture: null, seen: new Map(), typed: new Map(), depth: 0 };

function h(tag, props = {}, ...children) {
  const node = props.svg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false || key === "svg") continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.setAttribute("class", value);
    else if (key in node && !props.svg && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}
const s = (tag, props = {}, ...children) => h(tag, { ...props, svg: true }, ...children);

// ---- talking to the server

async function act(verb, body, { quiet = false } = {}) {
  const answer = await fetch(`/control/${verb}?refusals=200`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const said = await answer.json();
  if (!said.ok) {
    if (!quiet) toast(said.error);
    throw new Error(said.error);
  }
  return said.result;
}
const quietly = (promise) => promise.catch(() => undefined);

let toastTimer = 0;
function toast(text) {
  const box = $("toast");
  box.textContent = text;
  raiseToast($("modal").open ? $("modal") : document.body);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.hidePopover(), 6000);
}
function raiseToast(holder) { // an open modal covers, and makes inert, all that is not in it
  $("toast").hidePopover();
  holder.append($("toast"));
  $("toast").showPopover();
}

let running = null;
let again = false;
function refresh() { // resolves when what is drawn is at least as new as this call
  again = true;
  running ??= (async () => {
    try {
      while (again) { again = false; await load(); }
    } finally { running = null; }
  })();
  return running;
}
async function load() {
  const query = new URLSearchParams({ user: state.me, channel: state.channel, thread: state.thread, home: state.home, depth: state.depth });
  const picture = await (await fetch(`/page/state?${query}`)).json();
  state.picture = picture;
  if (!state.me) state.me = picture.me ?? "";
  if (!state.channel && !state.home && picture.channels?.length) {
    state.channel = firstChannel(picture).id;
    again = true;
  }
  draw();
}
const firstChannel = (picture) => picture.channels.find((c) => c.kind !== "dm") ?? picture.channels[0];

function listen() {
  const stream = new EventSource("/page/events");
  stream.onmessage = () => quietly(refresh());
}

// ---- names and times

const EMOJI = { "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", eyes: "👀", tada: "🎉", rocket: "🚀", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", memo: "📝", bell: "🔔", red_circle: "🔴", large_green_circle: "🟢", green_circle: "🟢", large_yellow_circle: "🟡", large_orange_circle: "🟠", white_circle: "⚪", large_blue_circle: "🔵", hourglass_flowing_sand: "⏳", hourglass: "⌛", lock: "🔒", no_entry: "⛔", no_entry_sign: "🚫", question: "❓", exclamation: "❗", heart: "❤️", smile: "😄", slightly_smiling_face: "🙂", wave: "👋", bulb: "💡", fire: "🔥", calendar: "📅", date: "📅", clock3: "🕒", point_right: "👉", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", small_red_triangle: "🔺", small_red_triangle_down: "🔻", grey_question: "❔", grey_exclamation: "❕", dart: "🎯", small_blue_diamond: "🔹", small_orange_diamond: "🔸", large_purple_circle: "🟣", black_circle: "⚫", black_large_square: "⬛", newspaper: "📰", clipboard: "📋", key: "🔑", unlock: "🔓", mega: "📣", mailbox: "📫", thinking_face: "🤔", raising_hand: "🙋", leftwards_arrow_with_hook: "↩️", heavy_plus_sign: "➕", heavy_minus_sign: "➖", hash: "#️⃣", alarm_clock: "⏰", books: "📚", chart: "💹", seedling: "🌱", robot_face: "🤖", busts_in_silhouette: "👥", page_facing_up: "📄", link: "🔗", mag: "🔍", hand: "✋", raised_hand: "✋", scales: "⚖️", shield: "🛡️", construction: "🚧", information_source: "ℹ️", white_large_square: "⬜", black_small_square: "▪️", speech_balloon: "💬", repeat: "🔁", stopwatch: "⏱️", moneybag: "💰", zzz: "💤", pray: "🙏", clap: "👏", pencil2: "✏️", star: "⭐", sparkles: "✨", ballot_box_with_check: "☑️", rotating_light: "🚨", octagonal_sign: "🛑", handshake: "🤝", scroll: "📜", ledger: "📒", receipt: "🧾", pushpin: "📌", paperclip: "📎", bust_in_silhouette: "👤", arrows_counterclockwise: "🔄", wastebasket: "🗑️", checkered_flag: "🏁", triangular_flag_on_post: "🚩", test_tube: "🧪", hammer_and_wrench: "🛠️", pencil: "📝", outbox_tray: "📤", inbox_tray: "📥", closed_lock_with_key: "🔐", large_green_square: "🟩", large_yellow_square: "🟨", large_red_square: "🟥", fast_forward: "⏩", rewind: "⏪", leftwards_hand: "🫲", judge: "🧑‍⚖️", brain: "🧠", broken_heart: "💔", up: "🆙", new: "🆕", ok: "🆗", sos: "🆘" };
const emoji = (name) => EMOJI[name.split("::")[0]] ?? `:${name}:`;
const person = (id) => state.picture.people[id] ?? { id, name: id, real_name: id === "USLACKBOT" ? "Slackbot" : id, bot: true };
const shownName = (id) => person(id).real_name || person(id).name;
const zone = () => state.picture.people[state.me]?.tz || undefined;
const when = (ts) => new Date(Number(ts.split(".")[0]) * 1000);
const inZone = (date, options) => date.toLocaleString("en-GB", { timeZone: zone(), ...options });
const clock = (ts) => inZone(when(ts), { hour: "2-digit", minute: "2-digit" });
const day = (ts) => inZone(when(ts), { weekday: "long", day: "numeric", month: "long" });

function slackDate(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  const forms = {
    date_num: () => new Intl.DateTimeFormat("sv-SE", { timeZone: zone() }).format(date),
    date: () => inZone(date, { day: "numeric", month: "long", year: "numeric" }),
    date_short: () => inZone(date, { day: "numeric", month: "short", year: "numeric" }),
    date_long: () => inZone(date, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
    time: () => inZone(date, { hour: "2-digit", minute: "2-digit" }),
    time_secs: () => inZone(date, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
  return format.replace(/\{(\w+)\}/g, (all, name) => (forms[name] ?? forms[name.replace("_pretty", "")] ?? (() => all))());
}

function avatar(id) {
  const one = person(id);
  const words = (one.real_name || one.name || "?").split(/[\s.\-_]+/).filter(Boolean);
  const initials = words.slice(0, 2).map((w) => w[0].toUpperCase()).join("");
  const hue = [...id].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 8;
  return h("span", { class: `avatar a${hue}`, "aria-hidden": "true" }, one.bot && one.id !== "USLACKBOT" ? "🤖" : initials);
}

// ---- text

const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const safeUrl = (url) => (/^(https?:|mailto:)/i.test(url) ? url : "");

function anchor(url, label) {
  const own = url.match(/^https:\/\/[\w-]+\.slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?thread_ts=([\d.]+))?/);
  if (own) return h("a", { href: `#/${"T"}/${own[1]}/p${own[2]}${own[3]}` }, label);
  return safeUrl(url) ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label) : label;
}

function entity(inside) {
  const [target, label] = [inside.split("|")[0], inside.includes("|") ? inside.slice(inside.indexOf("|") + 1) : ""];
  const chip = (text, me) => h("span", { class: me ? "mention me" : "mention" }, text);
  if (target.startsWith("@")) return chip(`@${label || shownName(target.slice(1))}`, target.slice(1) === state.me);
  if (target.startsWith("#")) {
    const channel = state.picture.channels.find((c) => c.id === target.slice(1));
    return h("a", { href: `#/T/${target.slice(1)}` }, `#${label || channel?.name || target.slice(1)}`);
  }
  if (target.startsWith("!subteam^")) return chip(`@${label.replace(/^@/, "") || state.picture.groups[target.slice(9)] || "group"}`);
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return h("time", {}, slackDate(seconds, format ?? "", unescaped(label)));
  }
  if (target.startsWith("!")) return chip(`@${target.slice(1)}`, true);
  return anchor(unescaped(target), unescaped(label) || unescaped(target).replace(/^mailto:/, ""));
}

const SPANS = [
  [/```([\s\S]+?)```/, (m) => h("pre", {}, h("code", {}, unescaped(m[1].replace(/^\n/, ""))))],
  [/`([^`\n]+)`/, (m) => h("code", {}, unescaped(m[1]))],
  [/<([^<>\n]+)>/, (m) => entity(m[1])],
  [/(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])/, (m) => h("strong", {}, mrkdwn(m[1], false))],
  [/(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])/, (m) => h("em", {}, mrkdwn(m[1], false))],
  [/(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/, (m) => h("s", {}, mrkdwn(m[1], false))],
  [/:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/, (m) => emoji(m[1])],
];
const MARKDOWN = [
  [/`([^`\n]+)`/, (m) => h("code", {}, m[1])],
  [/!?\[([^\]\n]*)\]\(([^)\s]+)\)/, (m) => anchor(m[2], m[1])],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*/, (m) => h("strong", {}, spans(m[1], MARKDOWN))],
  [/~~(?=\S)([\s\S]*?\S)~~/, (m) => h("s", {}, spans(m[1], MARKDOWN))],
  [/(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*/, (m) => h("em", {}, spans(m[1], MARKDOWN))],
  [/(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])/, (m) => h("em", {}, spans(m[1], MARKDOWN))],
  [/:([a-z0-9_+'-]+):/, (m) => emoji(m[1])],
];

function spans(text, table, plain = (t) => t) {
  const nodes = [];
  let rest = text;
  while (rest) {
    let best = null;
    for (const [pattern, make] of table) {
      const found = pattern.exec(rest);
      if (found && (!best || found.index < best.found.index)) best = { found, make };
    }
    if (!best) { nodes.push(plain(rest)); break; }
    if (best.found.index) nodes.push(plain(rest.slice(0, best.found.index)));
    nodes.push(best.make(best.found));
    rest = rest.slice(best.found.index + best.found[0].length);
  }
  return nodes;
}

function mrkdwn(text, quotes = true) {
  if (!quotes || !/^(&gt;|>)/m.test(text)) return spans(text, SPANS, unescaped);
  const parts = [];
  let quote = null;
  for (const line of text.split("\n")) {
    const quoted = /^(&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) { quote = h("blockquote", { class: "text" }); parts.push(quote); }
      if (quote.childNodes.length) quote.append("\n");
      quote.append(...spans(line.slice(quoted[0].length), SPANS, unescaped));
    } else {
      if (parts.length && !quote) parts.push("\n");
      quote = null;
      parts.push(...spans(line, SPANS, unescaped));
    }
  }
  return parts;
}

function textNode(object, className = "text") {
  if (!object) return null;
  if (typeof object === "string") return h("span", { class: className }, object);
  const inside = object.type === "mrkdwn" ? mrkdwn(object.text) : object.text.replace(/:([a-z0-9_+'-]+):/g, (all, name) => EMOJI[name] ?? all);
  return h("span", { class: className }, inside);
}

function markdownBlock(text) {
  const out = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    const heading = /^(#{1,6})\s+(.*)/.exec(line);
    if (/^```/.test(line)) {
      const code = [];
      for (i += 1; i < lines.length && !/^```/.test(lines[i]); i += 1) code.push(lines[i]);
      out.push(h("pre", {}, h("code", {}, code.join("\n"))));
    } else if (heading) out.push(h(`h${Math.min(6, heading[1].length + 2)}`, {}, spans(heading[2], MARKDOWN)));
    else if (/^(-{3,}|\*{3,})$/.test(line.trim())) out.push(h("hr", { class: "block-divider" }));
    else if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
      const list = h(/^\s*\d/.test(line) ? "ol" : "ul");
      for (; i < lines.length && /^\s*([-*+]|\d+[.)])\s+/.test(lines[i]); i += 1) list.append(h("li", {}, spans(lines[i].replace(/^\s*([-*+]|\d+[.)])\s+/, "").replace(/^\[ \]/, "☐").replace(/^\[x\]/i, "☑"), MARKDOWN)));
      i -= 1;
      out.push(list);
    } else if (/^>\s?/.test(line)) out.push(h("blockquote", {}, spans(line.replace(/^>\s?/, ""), MARKDOWN)));
    else if (/^\|.*\|$/.test(line.trim())) {
      const rows = [];
      for (; i < lines.length && /^\|.*\|$/.test(lines[i].trim()); i += 1) rows.push(lines[i].trim().slice(1, -1).split("|").map((c) => c.trim()));
      i -= 1;
      const body = rows.filter((r) => !r.every((c) => /^:?-+:?$/.test(c)));
      out.push(h("div", { class: "tablebox" }, h("table", {}, body.map((r, n) => h("tr", {}, r.map((c) => h(n ? "td" : "th", {}, spans(c, MARKDOWN))))))));
    } else if (line.trim()) out.push(h("p", {}, spans(line, MARKDOWN)));
  }
  return out;
}

// ---- rich text

function richInline(one) {
  const style = one.style ?? {};
  let node;
  switch (one.type) {
    case "text": node = one.text; break;
    case "link": node = anchor(one.url, one.text || one.url); break;
    case "user": node = entity(`@${one.user_id}`); break;
    case "usergroup": node = entity(`!subteam^${one.usergroup_id}`); break;
    case "channel": node = entity(`#${one.channel_id}`); break;
    case "broadcast": node = entity(`!${one.range}`); break;
    case "emoji": node = emoji(one.name); break;
    case "date": node = slackDate(one.timestamp, one.format, one.fallback ?? ""); break;
    default: node = "";
  }
  for (const [key, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) if (style[key]) node = h(tag, {}, node);
  return node;
}

function rich(one) {
  const inside = () => (one.elements ?? []).map(richInline);
  switch (one.type) {
    case "rich_text": return (one.elements ?? []).map(rich);
    case "rich_text_section": return h("div", { class: "text" }, inside());
    case "rich_text_preformatted": return h("pre", {}, inside());
    case "rich_text_quote": return h("blockquote", { class: "text" }, inside());
    case "rich_text_list": return h(one.style === "ordered" ? "ol" : "ul", {}, (one.elements ?? []).map((e) => h("li", {}, rich(e))));
    default: return null;
  }
}

// ---- tables and charts

const cellText = (cell) => (cell.type === "raw_number" ? cell.text ?? String(cell.value) : cell.text ?? "");
const cellNode = (cell) => (cell.type === "rich_text" ? rich(cell) : cellText(cell));

function table(block) {
  const settings = block.column_settings ?? [];
  return h("div", { class: "tablebox", tabindex: "0" }, h("table", {}, block.rows.map((row, n) => h("tr", {}, row.map((cell, i) => h(n ? "td" : "th", { class: settings[i]?.align }, cellNode(cell)))))));
}

function dataTable(block) {
  const [header, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const view = { sort: -1, down: false, page: 0 };
  const holder = h("div", { class: "tablebox", tabindex: "0" });
  const key = (cell) => (cell.type === "raw_number" ? cell.value : cellText(cell));
  const paint = () => {
    const sorted = view.sort < 0 ? rows : [...rows].sort((a, b) => (key(a[view.sort]) > key(b[view.sort]) ? 1 : -1) * (view.down ? -1 : 1));
    const pages = Math.ceil(rows.length / size);
    const head = header.map((cell, i) => h("th", { scope: "col", "aria-sort": view.sort === i ? (view.down ? "descending" : "ascending") : "none" },
      h("button", { type: "button", onclick: () => { view.down = view.sort === i && !view.down; view.sort = i; paint(); } }, cellText(cell))));
    const body = sorted.slice(view.page * size, (view.page + 1) * size).map((row) => h("tr", {}, row.map((cell, i) =>
      h(i === (block.row_header_column_index ?? 0) ? "th" : "td", { class: cell.type === "raw_number" ? "right" : undefined, scope: i === (block.row_header_column_index ?? 0) ? "row" : undefined }, cellNode(cell)))));
    const pager = pages > 1 ? h("div", { class: "dim" },
      h("button", { type: "button", class: "link", disabled: view.page === 0, onclick: () => { view.page -= 1; paint(); } }, "‹ Previous"), ` page ${view.page + 1} of ${pages} `,
      h("button", { type: "button", class: "link", disabled: view.page + 1 >= pages, onclick: () => { view.page += 1; paint(); } }, "Next ›")) : null;
    holder.replaceChildren(h("table", {}, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)), ...(pager ? [pager] : []));
  };
  paint();
  return holder;
}

const short = (n) => (Math.abs(n) >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : Math.abs(n) >= 1e4 ? `${+(n / 1e3).toFixed(1)}k` : String(+n.toPrecision(4)));

function chart(block) {
  const made = block.chart.type === "pie" ? pie(block.chart) : plot(block.chart);
  const spoken = block.chart.type === "pie" ? block.chart.segments.map((g) => `${g.label} ${g.value}`).join(", ")
    : block.chart.series.map((one) => `${one.name}: ${one.data.map((p) => `${p.label} ${p.value}`).join(", ")}`).join("; ");
  made.svg.setAttribute("role", "img");
  made.svg.setAttribute("aria-label", `${block.title}. ${spoken}`);
  const legend = made.legend.length > 1 || block.chart.type === "pie" ? h("div", { class: "legend" }, made.legend.map((name, i) => h("span", { class: `c${i}` }, h("i", { class: "bgc" }), name))) : null;
  return h("figure", { class: "chart figure" }, h("h3", {}, block.title), made.svg, legend, h("details", {}, h("summary", { class: "dim" }, "Show the numbers"), numbers(block.chart)));
}

function numbers(c) { // a row a category: it fits a narrow pane
  const cell = (v) => h("td", { class: "right" }, String(+Number(v).toPrecision(6)));
  if (c.type === "pie") return h("table", {}, c.segments.map((g) => h("tr", {}, h("th", { scope: "row" }, g.label), cell(g.value))));
  const value = (one, x) => one.data.find((p) => p.label === x)?.value;
  return h("div", { class: "tablebox" }, h("table", {}, h("tr", {}, h("th", {}, c.axis_config.x_label ?? ""), c.series.map((one) => h("th", { scope: "col" }, c.axis_config.y_label ? `${one.name} (${c.axis_config.y_label})` : one.name))),
    c.axis_config.categories.map((x) => h("tr", {}, h("th", { scope: "row" }, x), c.series.map((one) => (value(one, x) === undefined ? h("td") : cell(value(one, x))))))));
}

function ticks(low, high) { // round numbers that hold both ends
  const rough = (high - low) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * size).find((k) => k >= rough * 0.999);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function plot(c) {
  const unit = c.axis_config.y_label ?? "";
  const beside = unit.length <= 2; // a short unit stands with the numbers, a long one along the axis
  const [W, H, L, R, T, B] = [440, 200, beside ? 52 : 70, 22, 12, c.axis_config.x_label ? 48 : 30];
  const values = c.series.flatMap((one) => one.data.map((p) => p.value));
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (c.type !== "line" || low > 0 && low < high * 0.4) low = Math.min(0, low);
  if (c.type !== "line") high = Math.max(0, high);
  if (low === high) { low -= 1; high += 1; }
  const marks = ticks(low, high);
  [low, high] = [marks[0], marks.at(-1)];
  const n = c.axis_config.categories.length;
  const step = (W - L - R) / (c.type === "bar" ? n : Math.max(1, n - 1));
  const x = (i) => L + step * i + (c.type === "bar" ? step / 2 : 0);
  const y = (v) => T + (H - T - B) * (1 - (v - low) / (high - low));
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}` });
  for (const v of marks) svg.append(s("path", { class: "axis", d: `M${L} ${y(v)}H${W - R}` }), s("text", { x: L - 6, y: y(v) + 4, "text-anchor": "end" }, short(v) + (beside ? unit : "")));
  const every = Math.ceil(n / 6);
  c.axis_config.categories.forEach((label, i) => { if (i % every === 0) svg.append(s("text", { x: x(i), y: H - B + 16, "text-anchor": "middle" }, label)); });
  if (c.axis_config.x_label) svg.append(s("text", { x: (L + W - R) / 2, y: H - 4, "text-anchor": "middle" }, c.axis_config.x_label));
  if (unit && !beside) svg.append(s("text", { x: 14, y: (T + H - B) / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${(T + H - B) / 2})` }, unit));
  c.series.forEach((one, k) => {
    const points = one.data.map((p, i) => `${x(i)} ${y(p.value)}`);
    if (c.type === "bar") {
      const wide = (step * 0.7) / c.series.length;
      one.data.forEach((p, i) => {
        const [a, b] = [y(Math.max(0, p.value)), y(Math.min(0, p.value))];
        svg.append(s("rect", { class: `fillc c${k}`, x: x(i) - step * 0.35 + wide * k, y: a, width: Math.max(1, wide - 2), height: Math.max(1, b - a) }, s("title", {}, `${one.name}, ${p.label}: ${p.value}`)));
      });
      return;
    }
    if (c.type === "area") svg.append(s("path", { class: `areac c${k}`, d: `M${points.join("L")}L${x(n - 1)} ${y(low)}L${x(0)} ${y(low)}Z` }));
    svg.append(s("path", { class: `strokec c${k}`, d: `M${points.join("L")}` }));
    one.data.forEach((p, i) => svg.append(s("circle", { class: `fillc c${k}`, cx: x(i), cy: y(p.value), r: 3.2 }, s("title", {}, `${one.name}, ${p.label}: ${p.value}`))));
  });
  return { svg, legend: c.series.map((one) => one.name) };
}

function pie(c) {
  const total = c.segments.reduce((sum, g) => sum + g.value, 0);
  const svg = s("svg", { viewBox: "0 0 520 190" });
  let turn = -Math.PI / 2;
  c.segments.forEach((g, k) => {
    const next = turn + (g.value / total) * 2 * Math.PI;
    const at = (a) => `${260 + 85 * Math.cos(a)} ${95 + 85 * Math.sin(a)}`;
    const whole = c.segments.length === 1;
    svg.append(whole ? s("circle", { class: "fillc c0", cx: 260, cy: 95, r: 85 })
      : s("path", { class: `fillc c${k}`, d: `M260 95L${at(turn)}A85 85 0 ${next - turn > Math.PI ? 1 : 0} 1 ${at(next)}Z` }, s("title", {}, `${g.label}: ${g.value}`)));
    turn = next;
  });
  return { svg, legend: c.segments.map((g) => g.label) };
}

// ---- elements. `spot` says where they stand and what a person has chosen there

async function press(spot, block, element, value) {
  if (element.confirm && !(await sure(element.confirm))) return false;
  const body = { user: state.me, action_id: element.action_id, block_id: block.block_id };
  if (value !== undefined) body.value = value;
  if (spot.view) {
    await act("fill", { user: state.me, view_id: spot.view.id, values: filled(spot) });
    await act("click_view", { ...body, view_id: spot.view.id });
    return true;
  }
  const where = { channel: spot.channel, ts: spot.message.ts };
  const values = filled(spot);
  if (Object.keys(values).length) await act("fill_message", { user: state.me, ...where, values });
  await act("click", { ...body, ...where });
  return true;
}

function sure(dialog) {
  return new Promise((resolve) => {
    const box = $("confirm");
    const done = (answer) => { box.close(); resolve(answer); };
    box.replaceChildren(h("header", {}, h("h2", { id: "confirm-title" }, dialog.title.text)), h("div", { class: "content" }, h("p", {}, textNode(dialog.text))),
      h("footer", {}, h("button", { type: "button", class: "btn", onclick: () => done(false) }, dialog.deny?.text ?? "Cancel"),
        h("button", { type: "button", class: `btn ${dialog.style === "danger" ? "danger sure" : "primary"}`, onclick: () => done(true) }, dialog.confirm?.text ?? "Confirm")));
    box.oncancel = () => resolve(false);
    box.showModal();
    box.querySelector(dialog.style === "danger" ? "footer .btn" : "footer .btn:last-child").focus(); // a key held too long undoes nothing
  });
}

const rawOf = (entry) => {
  if (!entry) return undefined;
  const [, value] = Object.entries(entry).find(([key]) => key !== "type") ?? [];
  if (Array.isArray(value)) return value.map((v) => v.value ?? v);
  if (value && typeof value === "object") return value.value ?? value;
  return value ?? undefined;
};

const placeOf = (spot) => spot.view?.id ?? `${spot.channel} ${spot.message.ts}`;
function typedFor(spot) {
  if (!state.typed.has(placeOf(spot))) state.typed.set(placeOf(spot), {});
  return state.typed.get(placeOf(spot));
}

function filled(spot) { // what was typed, without inputs that an update has taken away
  const there = (block, action) => (spot.view ? spot.view.state.values[block]?.[action]
    : spot.message.blocks.some((b) => b.block_id === block && [b.element, b.accessory, ...(b.elements ?? [])].some((e) => e?.action_id === action)));
  const kept = {};
  for (const [block, typed] of Object.entries(typedFor(spot))) {
    for (const [action, value] of Object.entries(typed)) if (value !== undefined && there(block, action)) (kept[block] ??= {})[action] = value;
  }
  return kept;
}

function current(spot, block, element) {
  const typed = typedFor(spot)[block.block_id]?.[element.action_id];
  if (typed !== undefined) return typed?.value ?? typed;
  const known = spot.view ? spot.view.state.values : spot.chosen;
  return rawOf(known?.[block.block_id]?.[element.action_id]) ?? (spot.view ? undefined : rawOf(firstOf(element)));
}
function firstOf(element) {
  const key = Object.keys(element).find((k) => k.startsWith("initial_"));
  return key ? { type: element.type, value: element[key] } : undefined;
}

async function changed(spot, block, element, value) {
  const typed = (typedFor(spot)[block.block_id] ??= {});
  const before = typed[element.action_id];
  typed[element.action_id] = value;
  if (block.type === "input" && !block.dispatch_action) return;
  if ((await press(spot, block, element, value).catch(() => true)) === false) { // the person thought better of it
    typed[element.action_id] = before;
    drawAnew();
  }
}
function drawAnew() {
  cache.clear();
  modalText = "";
  if (state.home) $("messages").dataset.of = "";
  draw();
}

function choicesOf(element, optionNode) {
  const kind = element.type.replace("multi_", "");
  const words = (o) => (o.description ? `${o.text.text} (${o.description.text})` : o.text.text);
  const standing = (p) => (p.bot ? " (app)" : p.guest ? " (guest)" : p.stranger ? " (external)" : "");
  if (kind === "users_select") return Object.values(state.picture.people).filter((p) => !p.deleted && (p.stranger || p.team === person(state.me).team)).map((p) => optionNode(p.id, p.real_name + standing(p)));
  if (kind === "conversations_select" || kind === "channels_select") return state.picture.channels.filter((c) => kind !== "channels_select" || c.kind !== "dm").map((c) => optionNode(c.id, channelName(c)));
  if (element.option_groups) return element.option_groups.map((g) => h("optgroup", { label: g.label.text }, g.options.map((o) => optionNode(o.value, words(o)))));
  return (element.options ?? []).map((o) => optionNode(o.value, words(o)));
}

function selectNode(spot, block, element, name) {
  if (element.type.startsWith("multi_") && element.type !== "multi_external_select") return manyNode(spot, block, element, name);
  const many = element.type.startsWith("multi_");
  const now = current(spot, block, element);
  const chosen = new Set((Array.isArray(now) ? now : [now]).filter((v) => v !== undefined && v !== null).map(String));
  const optionNode = (value, label) => h("option", { value, selected: chosen.has(String(value)) }, label);
  const node = h("select", { class: "field", "aria-label": name, multiple: many, autofocus: element.focus_on_load, onchange: () => {
    const values = [...node.selectedOptions].map((o) => o.value).filter(Boolean);
    changed(spot, block, element, many ? values : values[0] ?? null);
  } });
  if (!many) node.append(optionNode("", element.placeholder?.text ?? "Choose…"));
  node.append(...choicesOf(element, optionNode));
  return element.type.endsWith("external_select") ? external(spot, block, element, node, name) : node;
}

function manyNode(spot, block, element, name) { // what is chosen stands as chips; one more is added from the list
  const chosen = (current(spot, block, element) ?? []).map(String);
  const most = element.max_selected_items ?? Infinity;
  const labels = new Map();
  const holder = h("div", { class: "many", role: "group", "aria-label": name });
  const choose = (values) => { chosen.splice(0, chosen.length, ...values); paintChips(); changed(spot, block, element, [...values]); };
  const add = h("select", { class: "field", "aria-label": `Add to ${name}`, autofocus: element.focus_on_load, onchange: () => { if (add.value) choose([...chosen, add.value]); } });
  const paintChips = () => {
    const options = choicesOf(element, (value, label) => { labels.set(String(value), label); return chosen.includes(String(value)) ? null : h("option", { value }, label); });
    for (const option of options) if (option?.localName === "optgroup" && !option.children.length) option.disabled = true;
    add.replaceChildren(h("option", { value: "" }, chosen.length ? "Add another…" : element.placeholder?.text ?? "Choose…"), ...options.filter(Boolean));
    add.disabled = chosen.length >= most;
    const chips = chosen.map((value) => h("span", { class: "chip" }, labels.get(value) ?? value, h("button", { type: "button", "aria-label": `Remove ${labels.get(value) ?? value}`, onclick: () => { choose(chosen.filter((v) => v !== value)); add.focus(); } }, "✕")));
    holder.replaceChildren(...chips, add);
  };
  paintChips();
  return holder;
}

function external(spot, block, element, node, name) {
  let known = [];
  const search = h("input", { class: "field", type: "search", placeholder: element.placeholder?.text ?? "Type to search", "aria-label": `Search: ${name}`, oninput: async () => {
    if (search.value.length < (element.min_query_length ?? 3)) return;
    const where = spot.view ? { where: spot.view.id } : { where: spot.channel, ts: spot.message.ts };
    const found = await quietly(act("suggest", { user: state.me, action_id: element.action_id, query: search.value, ...where }));
    known = (found ?? []).flatMap((o) => o.options ?? [o]);
    node.replaceChildren(h("option", { value: "" }, `${known.length} found`), ...known.map((o) => h("option", { value: o.value }, o.text.text)));
  } });
  node.onchange = null;
  node.addEventListener("change", (event) => { event.stopImmediatePropagation(); const option = known.find((o) => o.value === node.value); if (option) changed(spot, block, element, option); }, { capture: true });
  return h("span", {}, search, " ", node);
}

function choiceNode(spot, block, element, name) {
  const many = element.type === "checkboxes";
  const now = current(spot, block, element);
  const chosen = new Set(Array.isArray(now) ? now : [now]);
  const group = `${spot.view?.id ?? spot.message.ts}-${block.block_id}-${element.action_id}`;
  const boxes = [];
  const rows = element.options.map((o) => {
    const box = h("input", { type: many ? "checkbox" : "radio", name: group, value: o.value, checked: chosen.has(o.value), autofocus: element.focus_on_load && !boxes.length, onchange: () => {
      const values = boxes.filter((b) => b.checked).map((b) => b.value);
      changed(spot, block, element, many ? values : values[0] ?? null);
    } });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); box.click(); } }); // chooses, and never sends the form
    boxes.push(box);
    return h("label", {}, box, h("span", {}, textNode(o.text), o.description ? h("small", {}, textNode(o.description)) : null));
  });
  return h("fieldset", { class: "choices" }, h("legend", { class: "hidden" }, name), rows);
}

// a date and time is the person's own: their zone, not that of this browser
const wallTime = (seconds) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone(), dateStyle: "short", timeStyle: "short" }).format(new Date(seconds * 1000)).replace(" ", "T");
function secondsOf(wall) {
  const asUtc = Date.parse(`${wall}Z`) / 1000;
  const first = asUtc - (Date.parse(`${wallTime(asUtc)}Z`) / 1000 - asUtc);
  return first - (Date.parse(`${wallTime(first)}Z`) / 1000 - asUtc);
}

const INPUT_TYPES = { number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
function inputNode(spot, block, element, name) {
  const now = current(spot, block, element);
  const long = element.multiline || element.type === "rich_text_input";
  const seconds = element.type === "datetimepicker";
  const value = () => (seconds && node.value ? secondsOf(node.value) : node.value);
  const node = h(long ? "textarea" : "input", { class: "field", type: long ? undefined : INPUT_TYPES[element.type] ?? "text", placeholder: element.placeholder?.text, "aria-label": name,
    min: element.min_value, max: element.max_value, step: element.type === "number_input" ? (element.is_decimal_allowed ? "any" : "1") : undefined, autofocus: element.focus_on_load });
  if (now !== undefined && now !== null && typeof now !== "object") node.value = seconds ? wallTime(now) : now;
  const picker = element.type.endsWith("picker");
  const dispatches = block.type !== "input" || block.dispatch_action;
  const on = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  let pause = 0;
  node.addEventListener(picker ? "change" : "input", () => {
    (typedFor(spot)[block.block_id] ??= {})[element.action_id] = value();
    if (picker && dispatches) changed(spot, block, element, value());
    else if (dispatches && on.includes("on_character_entered")) { clearTimeout(pause); pause = setTimeout(() => changed(spot, block, element, value()), 300); }
  });
  if (!picker && dispatches && on.includes("on_enter_pressed")) node.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); clearTimeout(pause); changed(spot, block, element, value()); } });
  return element.max_length ? counted(node, element.max_length) : node;
}

function counted(node, most) { // how much room is left; too long a text is refused, never cut
  const count = h("div", { class: "count", "aria-hidden": "true" });
  const show = () => { count.textContent = `${node.value.length} of ${most}`; count.classList.toggle("over", node.value.length > most); };
  node.addEventListener("input", show);
  show();
  return h("div", {}, node, count);
}

function buttonNode(spot, block, element) {
  const node = h("button", { type: "button", class: `btn ${element.style ?? ""}`, "aria-label": element.accessibility_label, onclick: async () => {
    if (element.url && safeUrl(element.url)) window.open(element.url, "_blank", "noopener,noreferrer");
    node.setAttribute("aria-busy", "true");
    await quietly(press(spot, block, element, element.value));
    node.removeAttribute("aria-busy");
  } }, textNode(element.text, ""));
  return node;
}

function overflowNode(spot, block, element) {
  const menu = h("details", { class: "menu" }, h("summary", { class: "btn", "aria-label": "More actions" }, "⋯"),
    h("div", { class: "list" }, element.options.map((o) => h("button", { type: "button", onclick: () => { menu.open = false; if (o.url && safeUrl(o.url)) window.open(o.url, "_blank", "noopener,noreferrer"); quietly(press(spot, block, element, o.value)); } }, textNode(o.text, ""), o.description ? h("small", { class: "dim" }, " ", textNode(o.description, "")) : null))));
  return menu;
}

const FOCUSABLE = "button, input, select, textarea, summary";
function elementNode(spot, block, element, label = "") {
  const node = madeNode(spot, block, element, label);
  const own = element.type === "button" ? `${element.action_id}=${element.value ?? ""}` : `${block.block_id}/${element.action_id}`;
  const inside = node.matches(FOCUSABLE) ? [node] : [...node.querySelectorAll(FOCUSABLE)];
  inside.forEach((one, i) => { one.dataset.focus = `${own}#${i}`; });
  return node;
}

function keepingFocus(root, redraw) { // who works by keyboard stays where they were when their place is drawn anew
  const active = document.activeElement;
  const inside = root.contains(active);
  const [key, ts] = [active?.dataset?.focus, active?.closest?.("[data-ts]")?.dataset.ts];
  redraw();
  if (!inside || root.contains(active)) return;
  const message = ts ? root.querySelector(`[data-ts="${CSS.escape(ts)}"]`) : null;
  const same = key ? (message ?? root).querySelector(`[data-focus="${CSS.escape(key)}"]`) : null;
  const [from, to] = same && /^(text|url|search|textarea)$/.test(active.type) ? [active.selectionStart, active.selectionEnd] : [];
  (same ?? message)?.focus({ preventScroll: true });
  if (from !== undefined) same.setSelectionRange(from, to);
}

function place(holder, nodes) { // moves only what moved: what stays keeps its focus and its typed text
  const wanted = new Set(nodes);
  for (const child of [...holder.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => { if (holder.childNodes[i] !== node) holder.insertBefore(node, holder.childNodes[i] ?? null); });
}

function madeNode(spot, block, element, label) {
  const name = label || element.placeholder?.text || element.action_id || "";
  if (element.type === "button" || element.type === "workflow_button") return buttonNode(spot, block, element);
  if (element.type === "overflow") return overflowNode(spot, block, element);
  if (element.type === "image") return imageNode(element, true);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choiceNode(spot, block, element, name);
  if (element.type === "feedback_buttons") return h("span", {}, ["positive_button", "negative_button"].map((k) => h("button", { type: "button", class: "btn", onclick: () => quietly(press(spot, block, element, element[k].value)) }, element[k].text.text)));
  if (element.type === "icon_button") return h("button", { type: "button", class: "btn", onclick: () => quietly(press(spot, block, element)) }, element.text.text);
  if (element.type.endsWith("select")) return selectNode(spot, block, element, name);
  if (element.type === "file_input") return h("span", { class: "dim" }, "Files cannot be chosen here.");
  return inputNode(spot, block, element, name);
}

function imageNode(block, small = false) {
  const own = block.slack_file?.id ? `/page/file/${block.slack_file.id}` : block.image_url?.startsWith(location.origin) ? block.image_url : "";
  if (own) return h("img", { src: own, alt: block.alt_text });
  return small ? h("span", { class: "dim" }, `[${block.alt_text}]`) : h("span", { class: "absent" }, "🖼 ", block.alt_text, " ", safeUrl(block.image_url ?? "") ? anchor(block.image_url, "(open)") : "");
}

// ---- blocks

function blockNode(spot, block) {
  switch (block.type) {
    case "section": return h("div", { class: "section" }, h("div", { class: "grow" }, block.text ? h("div", {}, textNode(block.text)) : null, block.fields ? h("div", { class: "fields" }, block.fields.map((f) => h("div", {}, textNode(f)))) : null),
      block.accessory ? h("div", { class: "accessory" }, elementNode(spot, block, block.accessory)) : null);
    case "header": return h("h3", { class: "block-header" }, textNode(block.text));
    case "divider": return h("hr", { class: "block-divider" });
    case "context": return h("div", { class: "context" }, block.elements.map((e) => (e.type === "image" ? imageNode(e, true) : textNode(e))));
    case "actions": case "context_actions": return h("div", { class: "actions" }, block.elements.map((e) => elementNode(spot, block, e)));
    case "image": return h("figure", { class: "figure" }, block.title ? h("figcaption", { class: "dim" }, textNode(block.title)) : null, imageNode(block));
    case "rich_text": return h("div", {}, rich(block));
    case "markdown": return h("div", { class: "markdown" }, markdownBlock(block.text));
    case "table": return table(block);
    case "data_table": return dataTable(block);
    case "data_visualization": return chart(block);
    case "input": return inputBlock(spot, block);
    case "alert": return h("div", { class: `alert ${block.level === "error" ? "error-level" : block.level ?? ""}`, role: "alert" }, textNode(block.text));
    case "card": return h("div", { class: "card" }, ["title", "subtitle", "body", "subtext"].map((k) => (block[k] ? h("div", { class: k === "title" ? "block-header" : k === "body" ? "" : "dim" }, textNode(block[k])) : null)),
      block.actions ? h("div", { class: "actions" }, block.actions.map((e) => elementNode(spot, block, e))) : null);
    case "carousel": return h("div", { class: "actions" }, block.elements.map((e) => blockNode(spot, { ...e, type: "card" })));
    case "container": return h("div", { class: "card" }, block.title ? h("div", { class: "block-header" }, textNode(block.title)) : null, block.child_blocks.map((b) => blockNode(spot, b)));
    case "task_card": return h("div", { class: "card" }, h("strong", {}, { complete: "✅ ", error: "❌ ", in_progress: "⏳ " }[block.status] ?? "▫️ ", block.title), block.details ? rich(block.details) : null, block.output ? rich(block.output) : null);
    case "plan": return h("div", { class: "card" }, h("strong", {}, block.title), (block.tasks ?? []).map((t) => blockNode(spot, { ...t, type: "task_card" })));
    case "video": return h("p", {}, anchor(block.video_url, block.title?.text ?? block.alt_text));
    default: return h("p", { class: "dim" }, `(${block.type})`);
  }
}
const blocksNode = (spot, blocks) => blocks.map((block) => h("div", { class: "block" }, blockNode(spot, block)));

let inputs = 0;
function inputBlock(spot, block) {
  const error = spot.view?.errors?.[block.block_id];
  const id = `input-${(inputs += 1)}`;
  const made = elementNode(spot, block, block.element, block.label.text);
  const control = made.matches("input, select, textarea, fieldset") ? made : made.querySelector("input, select, textarea") ?? made;
  control.id = id;
  if (error) control.setAttribute("aria-invalid", "true");
  const about = [error ? `${id}-error` : "", block.hint ? `${id}-hint` : ""].filter(Boolean).join(" ");
  if (about) control.setAttribute("aria-describedby", about);
  return h("div", { class: error ? "input wrong" : "input" }, h("label", { class: "title", for: id, "aria-hidden": "true" }, textNode(block.label, ""), block.optional ? h("span", { class: "dim" }, " (optional)") : null),
    made, error ? h("div", { class: "error", id: `${id}-error`, role: "alert" }, error) : null, block.hint ? h("div", { class: "hint", id: `${id}-hint` }, textNode(block.hint)) : null);
}

// ---- messages

function bodyNode(spot, message) {
  const parts = [];
  const byApp = message.bot_id || message.app_id; // what a person typed is formatted from its text, as their client would
  if (byApp && message.blocks?.length) parts.push(...blocksNode(spot, message.blocks));
  else if (message.text) parts.push(h("div", { class: "text" }, mrkdwn(message.text)));
  for (const one of message.attachments ?? []) parts.push(h("blockquote", {}, one.blocks ? blocksNode(spot, one.blocks) : h("div", { class: "text" }, mrkdwn(one.text ?? one.fallback ?? ""))));
  for (const file of message.files ?? []) parts.push(/\.(png|jpe?g|gif)$/i.test(file.name) ? h("figure", { class: "figure" }, h("figcaption", { class: "dim" }, file.title), h("img", { src: `/page/file/${file.id}`, alt: file.alt_txt || file.title })) : h("p", {}, h("a", { class: "file", href: `/page/download/${file.id}`, download: file.name }, `📄 ${file.title || file.name}`)));
  if (message.edited) parts.push(h("span", { class: "edited" }, " (edited)"));
  return parts;
}

function messageNode(message, { whisper = false, inThread = false } = {}) {
  const spot = { channel: state.channel, message, chosen: state.picture.chosen?.[message.ts] };
  const by = message.user ?? "";
  const name = message.username ?? shownName(by);
  const link = `#/T/${state.channel}/p${message.ts.replace(".", "")}`;
  const flags = [message.bot_id ? "APP" : "", person(by).guest ? "GUEST" : "", person(by).stranger ? "EXTERNAL" : ""].filter(Boolean);
  const head = h("div", { class: "by" }, h("b", {}, name), flags.map((f) => h("span", { class: "tag" }, f)), h("a", { href: link }, h("time", { datetime: when(message.ts).toISOString(), title: day(message.ts) }, clock(message.ts))));
  const reactions = (message.reactions ?? []).map((r) => h("button", { type: "button", "aria-pressed": String(r.users.includes(state.me)), "aria-label": `${r.name}, ${r.count}`, onclick: () => react(message, r.name, !r.users.includes(state.me)) }, `${emoji(r.name)} ${r.count}`));
  const replies = !inThread && message.reply_count ? h("button", { type: "button", class: "link replies", onclick: () => openThread(message.ts) }, `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`, message.latest_reply ? h("span", { class: "dim", "aria-hidden": "true" }, `Last reply at ${clock(message.latest_reply)}`) : null) : null;
  const broadcast = !inThread && message.subtype === "thread_broadcast" ? h("button", { type: "button", class: "link", onclick: () => openThread(message.thread_ts) }, "replied to a thread") : null;
  const tools = whisper ? null : h("div", { class: "tools" }, ["white_check_mark", "eyes", "+1"].map((n) => h("button", { type: "button", "aria-label": `React with ${n}`, onclick: () => react(message, n, true) }, emoji(n))),
    inThread ? null : h("button", { type: "button", "aria-label": "Reply in thread", onclick: () => openThread(message.thread_ts ?? message.ts) }, "💬"));
  return h("article", { class: `msg${whisper ? " whisper" : ""}`, tabindex: "-1", "data-ts": message.ts, "aria-label": `${name}, ${clock(message.ts)}` }, whisper ? h("div", { class: "only" }, "Only visible to you") : null, avatar(by),
    h("div", { class: "body" }, head, broadcast, bodyNode(spot, message), reactions.length ? h("div", { class: "reactions" }, reactions) : null, replies), tools);
}

const react = (message, name, add) => quietly(act("react", { user: state.me, channel: state.channel, ts: message.ts, name, add }));

const cache = new Map(); // pane → ts → [text, node]: an unchanged message keeps its node, and so what one types in it
const dividers = new Map(); // pane and day → node
const divider = (pane, text) => {
  const key = `${pane.id} ${text}`;
  if (!dividers.has(key)) dividers.set(key, h("div", { class: "day" }, text));
  return dividers.get(key);
};
const older = (pane, what) => { // asks for more of the past, and stays at what one was reading
  const node = h("p", { class: "older" }, h("button", { type: "button", class: "btn", onclick: async () => {
    const below = pane.scrollHeight - pane.scrollTop;
    state.depth = Math.max(state.depth, 200) + 400;
    await quietly(refresh());
    pane.scrollTop = pane.scrollHeight - below;
  } }, `Show older ${what}`));
  return node;
};
const olders = { messages: older($("messages"), "messages"), replies: older($("replies"), "replies") };

function paint(pane, entries, { dates = false, more = false } = {}) {
  const old = cache.get(pane.id) ?? new Map();
  const fresh = new Map();
  const near = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 80;
  const nodes = [];
  let last = "";
  for (const [message, options] of entries) {
    if (dates && day(message.ts) !== last) { last = day(message.ts); nodes.push(divider(pane, last)); }
    const text = JSON.stringify([message, options, state.me, state.channel, state.picture.chosen?.[message.ts] ?? null]);
    const known = old.get(message.ts);
    const node = known && known[0] === text ? known[1] : messageNode(message, options);
    fresh.set(message.ts, [text, node]);
    nodes.push(node);
  }
  cache.set(pane.id, fresh);
  const newest = nodes.at(-1);
  if (more) nodes.splice(pane.id === "replies" ? 1 : 0, 0, olders[pane.id]);
  keepingFocus(pane, () => place(pane, nodes.length ? nodes : [h("p", { class: "empty" }, "Nothing here yet.")]));
  const of = pane.id === "replies" ? state.channel + state.thread : state.channel;
  const isNew = newest && !old.has(newest.dataset.ts);
  const mine = entries.some(([message]) => message.user === state.me && !old.has(message.ts)); // one follows what one sends
  if (pane.dataset.of !== of) pane.scrollTop = pane.id === "replies" ? 0 : pane.scrollHeight; // a thread is read from its start
  else if (near && isNew && newest.offsetHeight > pane.clientHeight) newest.scrollIntoView({ block: "start" });
  else if (near || mine) pane.scrollTop = pane.scrollHeight;
  pane.dataset.of = of;
}

const byTs = (a, b) => (a[0].ts < b[0].ts ? -1 : 1);

function drawConversation(p) {
  const channel = p.channels.find((c) => c.id === state.channel);
  $("composer-form").hidden = !channel || channel.archived;
  $("closed").hidden = !channel?.archived;
  if (!channel) { $("messages").replaceChildren(h("p", { class: "empty" }, "This person sees no channel.")); $("head").replaceChildren(); return; }
  $("head").replaceChildren(h("h2", {}, channelName(channel)), h("span", { class: "dim" }, [channel.topic, channel.kind === "dm" ? "" : `${channel.members} members`].filter(Boolean).join(" · ")),
    ...(channel.kind === "private" ? [h("span", { class: "tag" }, "PRIVATE")] : []), ...(channel.ext_shared ? [h("span", { class: "tag" }, "SHARED WITH ANOTHER COMPANY")] : []), ...(channel.archived ? [h("span", { class: "tag" }, "ARCHIVED")] : []));
  $("composer").placeholder = `Message ${channelName(channel)}`;
  const whispers = (p.whispers ?? []).filter((m) => !m.thread_ts).map((m) => [m, { whisper: true }]);
  paint($("messages"), [...p.messages.map((m) => [m, {}]), ...whispers].sort(byTs), { dates: true, more: p.more });
  state.seen.set(channel.id, channel.last);
}

function drawThread(p) {
  const open = Boolean(state.thread && p.thread?.length && !state.home);
  $("thread").hidden = !open;
  $("app").classList.toggle("with-thread", open);
  if (!open) return;
  const whispers = (p.whispers ?? []).filter((m) => m.thread_ts === state.thread).map((m) => [m, { whisper: true, inThread: true }]);
  paint($("replies"), [...p.thread.map((m) => [m, { inThread: true }]), ...whispers].sort(byTs), { more: p.thread_more });
}

const channelName = (c) => (c.kind === "dm" ? shownName(c.with ?? "") : `${c.kind === "private" ? "🔒 " : "# "}${c.name}`);

function drawSide(p) {
  const who = $("who");
  const people = Object.values(p.people).filter((u) => !u.bot && !u.deleted);
  const text = JSON.stringify([people, state.me]);
  if (who.dataset.text !== text) {
    who.dataset.text = text;
    who.replaceChildren(...people.map((u) => h("option", { value: u.id, selected: u.id === state.me }, `${u.real_name}${u.title ? `, ${u.title}` : ""}${u.guest ? " (guest)" : ""}${u.stranger ? " (external)" : ""}`)));
  }
  $("workspace").textContent = p.workspace ?? p.title;
  const item = (c) => {
    if (!state.seen.has(c.id)) state.seen.set(c.id, c.last);
    const unread = c.last > (state.seen.get(c.id) ?? "") && c.id !== state.channel;
    const current = c.id === state.channel && !state.home;
    return h("li", {}, h("a", { href: `#/T/${c.id}`, class: unread ? "unread" : "", "aria-current": current ? "page" : undefined }, c.kind === "dm" ? avatar(c.with ?? "") : null, channelName(c), c.ext_shared ? " ↗" : "", unread ? h("span", { class: "hidden" }, " (unread)") : null));
  };
  const group = (title, items) => (items.length ? [h("h2", {}, title), h("ul", {}, items)] : []);
  $("places").replaceChildren(...group("Channels", (p.channels ?? []).filter((c) => c.kind !== "dm" && !c.archived).map(item)), ...group("Direct messages", (p.channels ?? []).filter((c) => c.kind === "dm").map(item)),
    ...group("Apps", (p.apps ?? []).map((a) => h("li", {}, h("a", { href: `#/home/${a.id}`, "aria-current": state.home === a.id ? "page" : undefined }, avatar(a.bot), a.name)))), ...group("Archived", (p.channels ?? []).filter((c) => c.archived).map(item)));
  const at = state.home ?? state.channel ?? ""; // only on arriving: later draws would pull back whoever scrolls
  const here = $("places").querySelector("[aria-current]");
  if (here && $("places").dataset.at !== at) {
    $("places").dataset.at = at;
    here.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}

function drawHome(p) {
  const app = p.apps.find((a) => a.id === state.home);
  $("composer-form").hidden = true;
  $("closed").hidden = true;
  $("head").replaceChildren(h("h2", {}, app?.name ?? ""), h("div", { class: "tabs", role: "tablist" }, h("button", { type: "button", class: "btn", role: "tab", "aria-selected": "true" }, "Home"),
    h("button", { type: "button", class: "btn", role: "tab", "aria-selected": "false", onclick: async () => { location.hash = `#/T/${await act("direct", { user: state.me, other: app.bot })}`; } }, "Messages")));
  const text = JSON.stringify([p.home?.hash, p.home?.state, state.me]);
  if ($("messages").dataset.of === `home${text}`) return;
  cache.delete("messages");
  $("messages").dataset.of = `home${text}`;
  keepingFocus($("messages"), () => $("messages").replaceChildren(h("div", { class: "home" }, p.home ? blocksNode({ view: { ...p.home, errors: {} } }, p.home.blocks) : h("p", { class: "empty" }, "The app has not published anything here yet."))));
}

// ---- modals

let modalText = "";
let modalShown = "";
const scrolled = new Map(); // view → how far it was read: a view that is updated, or come back to, stays there
function drawModal(p) {
  const box = $("modal");
  const view = (p.views ?? []).at(-1);
  const text = view ? JSON.stringify([view.id, view.hash, view.errors, p.views.length]) : "";
  if (text === modalText) return;
  modalText = text;
  if (box.open && modalShown) scrolled.set(modalShown, box.querySelector(".content").scrollTop);
  const same = box.open && modalShown === view?.id;
  modalShown = view?.id ?? "";
  if (!view) {
    if (box.contains($("toast")) && $("toast").matches(":popover-open")) raiseToast(document.body);
    if (box.open) box.close();
    return;
  }
  const form = modalForm(view, p.views.length);
  const change = () => { box.querySelector("form")?.remove(); box.prepend(form); };
  if (same) keepingFocus(box, change);
  else change();
  box.oncancel = (event) => { event.preventDefault(); closeView(view, true); };
  if (!box.open) box.showModal();
  box.querySelector(".content").scrollTop = scrolled.get(view.id) ?? 0;
  if (Object.keys(view.errors).length) toError();
  else if (!same) startIn(box);
}
const closeView = (view, everything) => quietly(act("close_view", { user: state.me, view_id: view.id, everything }));

function startIn(box) {
  const asked = box.querySelector(".content [autofocus]");
  if (asked) asked.focus();
  else (box.querySelector(".content input, .content select, .content textarea, .content button") ?? box.querySelector("footer .btn:last-child"))?.focus({ preventScroll: true }); // what stands above it is read first
}

function toError() {
  const wrong = $("modal").querySelector(".wrong");
  if (!wrong) { $("modal").querySelector(".content").scrollTop = 0; return; }
  wrong.scrollIntoView({ block: "center" });
  wrong.querySelector("input, select, textarea")?.focus({ preventScroll: true });
}

function modalForm(view, depth) {
  const submit = h("button", { type: "submit", class: "btn primary" }, view.submit?.text ?? "Submit");
  const back = depth > 1 ? h("button", { type: "button", class: "plain", "aria-label": "To the form before", onclick: () => closeView(view, false) }, "‹") : null;
  const several = Object.keys(view.errors).filter(Boolean).length;
  const hurry = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.currentTarget.requestSubmit(); } };
  return h("form", { novalidate: true, onkeydown: hurry, onsubmit: (event) => { event.preventDefault(); sendView(view, submit); } },
    h("header", {}, back, h("h2", { id: "modal-title" }, textNode(view.title, "")), h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => closeView(view, true) }, "✕")),
    h("div", { class: "content" }, view.errors[""] ? h("div", { class: "alert error-level", role: "alert" }, view.errors[""]) : null, blocksNode({ view }, view.blocks)),
    h("footer", {}, several > 1 ? h("span", { class: "error grow" }, `${several} answers need another look.`) : null,
      h("button", { type: "button", class: "btn", onclick: () => closeView(view, false) }, view.close?.text ?? (depth > 1 ? "Back" : "Cancel")), view.submit || view.blocks.some((b) => b.type === "input") ? submit : null));
}

async function sendView(view, button) {
  if (button.getAttribute("aria-busy")) return; // a second press while the first is on its way
  button.setAttribute("aria-busy", "true");
  try {
    await act("submit", { user: state.me, view_id: view.id, values: filled({ view }) }, { quiet: true });
  } catch (error) { // what is missing is said at its field
    await quietly(refresh());
    const top = (state.picture.views ?? []).at(-1);
    if (top?.id === view.id && Object.keys(top.errors).length) toError();
    else toast(error.message);
  } finally { button.removeAttribute("aria-busy"); }
}

function draw() {
  const p = state.picture;
  drawSide(p);
  if (state.home) drawHome(p); else drawConversation(p);
  drawThread(p);
  drawModal(p);
  if (state.target) {
    const node = document.querySelector(`[data-ts="${CSS.escape(state.target)}"]`);
    if (node) { node.classList.add("target"); node.scrollIntoView({ block: "center" }); state.target = ""; }
  }
}

// ---- going places

function openThread(ts) { state.thread = ts; refresh().then(() => $("reply").focus()); }

function route() {
  const [, first, channel, ts] = location.hash.split("/");
  state.home = first === "home" ? channel : "";
  if (state.home) quietly((state.me ? Promise.resolve() : refresh()).then(() => act("open_home", { user: state.me, app: state.home })));
  else if (channel) {
    if (channel !== state.channel) { state.thread = ""; state.depth = 0; }
    state.channel = channel;
    if (ts) {
      state.target = `${ts.slice(1, 11)}.${ts.slice(11)}`;
      quietly(findThread(state.target));
    }
  }
  quietly(refresh());
}

async function findThread(ts) { // a link may point into a thread: its parent is found among the channel's threads
  const top = await act("messages", { channel: state.channel });
  for (const message of top.filter((m) => m.reply_count && m.ts < ts && m.latest_reply >= ts)) {
    const thread = await act("thread", { channel: state.channel, ts: message.ts });
    if (thread.some((m) => m.ts === ts)) { state.thread = message.ts; state.target = ts; refresh(); return; }
  }
}

// ---- composing

async function send(box, threadTs) {
  const text = box.value.trim();
  if (!text) return;
  if (text.startsWith("/") && threadTs) { toast("Slash commands do not work in threads. Mention the app instead."); return; }
  box.value = "";
  grow(box);
  hints();
  const where = { user: state.me, channel: state.channel, text };
  if (text.startsWith("/")) $("messages").scrollTop = $("messages").scrollHeight; // so that the answer is followed
  try {
    await act(text.startsWith("/") ? "command" : "say", threadTs ? { ...where, thread_ts: threadTs } : where);
  } catch { box.value = box.value || text; }
}
function grow(box) { box.rows = Math.min(8, box.value.split("\n").length); }

function hints() {
  const text = $("composer").value;
  const list = /^\/\S*$/.test(text) ? (state.picture?.apps ?? []).flatMap((a) => a.commands.map((c) => ({ ...c, app: a.name }))).filter((c) => c.command.startsWith(text)) : [];
  $("hints").hidden = !list.length;
  $("hints").replaceChildren(...list.map((c) => h("li", {}, h("button", { type: "button", onclick: () => { $("composer").value = `${c.command} `; $("composer").focus(); hints(); } }, h("b", {}, c.command), " ", h("span", { class: "dim" }, c.hint), h("div", { class: "dim" }, `${c.description} (${c.app})`)))));
}

function compose(form, box, thread) {
  form.addEventListener("submit", (event) => { event.preventDefault(); send(box, thread()); });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(box, thread()); } });
  box.addEventListener("input", () => { grow(box); if (box.id === "composer") hints(); });
}

state.me = new URLSearchParams(location.search).get("user") ?? "";
compose($("composer-form"), $("composer"), () => "");
compose($("reply-form"), $("reply"), () => state.thread);
$("thread-close").addEventListener("click", () => { state.thread = ""; refresh(); });
$("who").addEventListener("change", () => {
  state.me = $("who").value;
  history.replaceState(null, "", `?user=${encodeURIComponent(state.me)}${location.hash}`);
  cache.clear();
  modalText = "";
  if (state.home) quietly(act("open_home", { user: state.me, app: state.home }));
  refresh();
});
window.addEventListener("hashchange", route);
document.addEventListener("click", (event) => document.querySelectorAll("details.menu[open]").forEach((m) => { if (!m.contains(event.target)) m.open = false; }));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { event.preventDefault(); event.stopPropagation(); menu.open = false; menu.querySelector("summary").focus(); }
}, { capture: true });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && state.thread && !document.querySelector("dialog[open]")) { state.thread = ""; refresh(); } });
listen();
route();
