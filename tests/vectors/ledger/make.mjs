// A second implementation of the forms that README.md describes, in another language: it shares no code and no
// library with ours. `node make.mjs > vectors.json` writes the committed vectors again, byte for byte.
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const hex = (bytes) => Buffer.from(bytes).toString('hex');

// RFC 8785: names in the order of their UTF-16 units, which is how JavaScript compares strings
function canonical(value) {
  if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
  if (value !== null && typeof value === 'object') {
    const names = Object.keys(value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return '{' + names.map((name) => JSON.stringify(name) + ':' + canonical(value[name])).join(',') + '}';
  }
  return JSON.stringify(value);
}

function framed(...words) {
  return Buffer.concat(words.flatMap((word) => {
    const bytes = Buffer.from(word, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  }));
}

// the chain
function chained(workspace, drafts) {
  const events = [];
  const last = {};
  let prev = hex(sha(framed('muster-ledger-1', workspace)));
  drafts.forEach(({ at, launch, kind, actor, payload }, index) => {
    const seq = index + 1;
    const payload_hash = hex(sha(Buffer.from(canonical(payload), 'utf8')));
    const before = last[launch] ?? 0;
    const words = ['muster-event-1', String(seq), at, launch, kind, actor, payload_hash, String(before), prev];
    const hash = hex(sha(framed(...words)));
    events.push({ version: 1, seq, at, launch, kind, actor, payload, payload_hash, before, prev_hash: prev, hash });
    last[launch] = seq;
    prev = hash;
  });
  return events;
}

// RFC 6962, 2.1 and 2.1.1, as they are written there: by recursion
const split = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k; };
function root(leaves) {
  if (leaves.length === 0) return sha(Buffer.alloc(0));
  if (leaves.length === 1) return sha(Buffer.from([0]), leaves[0]);
  const k = split(leaves.length);
  return sha(Buffer.from([1]), root(leaves.slice(0, k)), root(leaves.slice(k)));
}
function path(m, leaves) {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), root(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), root(leaves.slice(0, k))];
}

// signed notes
function keyOf(seed) {
  const start = Buffer.from('302e020100300506032b657004220420', 'hex');
  const secret = createPrivateKey({ key: Buffer.concat([start, seed]), format: 'der', type: 'pkcs8' });
  const der = createPublicKey(secret).export({ format: 'der', type: 'spki' });
  return { secret, der, raw: der.subarray(12), id: hex(sha(der)).slice(0, 32) };
}
function signed(text, name, key) {
  const body = `${text}key ${key.id}\n`;
  const hint = sha(Buffer.from(name + '\n', 'utf8'), Buffer.from([1]), key.raw).subarray(0, 4);
  const seal = Buffer.concat([hint, sign(null, Buffer.from(body, 'utf8'), key.secret)]);
  return `${body}\n— ${name} ${seal.toString('base64')}\n`;
}
const origin = (workspace) => 'muster/' + encodeURIComponent(workspace);
function checkpoint(workspace, events, size, at, key) {
  const leaves = events.slice(0, size).map((event) => Buffer.from(event.hash, 'hex'));
  const head = size ? events[size - 1].hash : hex(sha(framed('muster-ledger-1', workspace)));
  const lines = [origin(workspace), String(size), root(leaves).toString('base64'), `head ${head}`, `at ${at}`];
  return signed(lines.map((line) => line + '\n').join(''), origin(workspace), key);
}

// a certificate
function certificate(workspace, launch, { events, at, key, page, texts, names }) {
  const hashes = events.map((event) => Buffer.from(event.hash, 'hex'));
  const ours = events.filter((event) => event.launch === launch);
  const shown = events.filter((event) => event.launch === launch || event.launch === '');
  const seal = [
    origin(workspace), `launch ${JSON.stringify(launch)}`, `events ${ours.length}`,
    `digest ${hex(sha(...ours.map((event) => Buffer.from(event.hash, 'hex'))))}`,
    `root ${hex(root(hashes))}`, `page ${hex(sha(Buffer.from(page, 'utf8')))}`, `at ${at}`,
  ].map((line) => line + '\n').join('');
  return canonical({
    format: 'muster-certificate-1', workspace, launch, key: key.id,
    checkpoint: checkpoint(workspace, events, events.length, at, key),
    seal: signed(seal, origin(workspace), key),
    events: shown.map((event) => ({ ...event, proof: path(event.seq - 1, hashes).map(hex) })),
    texts, names,
  });
}

const workspace = 'acme west';
const salt = (byte) => Buffer.alloc(16, byte);
const text = 'Recall fell below “90 %”; I object.\nAsk again after the retraining 🙂';
const text_id = hex(sha(salt(7), Buffer.from(text, 'utf8')));
const person = (byte, user, name) =>
  'p_' + hex(sha(salt(byte), framed(workspace, user, name))).slice(0, 32);
const ada = person(1, 'U0ADA', 'Ada Lovelace');
const grace = person(2, 'U0GRACE', 'Grace “Amazing” Hopper');
const minute = (number) => `2026-11-23T09:${String(number).padStart(2, '0')}:00.${String(number * 1009).padStart(6, '0')}Z`;
const drafts = [
  { launch: '', kind: 'audit', actor: 'system', payload: {} },
  { launch: 'L-1', kind: 'opened', actor: ada, payload: { product: 'nearby-offers', n: 1, tier: 'high', small: false } },
  { launch: 'L-2', kind: 'opened', actor: grace, payload: { product: 'job-matching', none: null } },
  { launch: 'L-1', kind: 'objected', actor: grace, payload: { item: 'ETH-05', roles: ['priv', 'leg'], text: text_id } },
  { launch: 'L-1', kind: 'submitted', actor: ada, payload: {
    'é': 'e acute', 'z': [], '€': 'euro', '\u{1F600}': 'smile', '\ufb33': 'dalet', '\u0080': 'control',
    '\r': 'return', '1': { b: 2, a: [1, [true, false, null], -9007199254740991, 9007199254740991] },
    quoted: '"\\/\b\f\n\r\t\u0001\u007f\u2028', share: '0.9200' } },
  { launch: 'L-2', kind: 'signed', actor: ada, payload: { item: 'LR-03', digest: 'ab'.repeat(32) } },
  { launch: 'L-1', kind: 'taken_back', actor: grace, payload: { item: 'ETH-05' } },
  { launch: '', kind: 'delegated', actor: ada, payload: { to: grace, until: '2026-12-01' } },
  { launch: 'L-1', kind: 'approved', actor: 'system', payload: {} },
].map((draft, index) => ({ at: minute(index), ...draft }));

const key = keyOf(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'));
const events = chained(workspace, drafts);
const page = '<!doctype html><title>L-1</title>';
const at = minute(30);
const texts = { [text_id]: { salt: hex(salt(7)), text } };
const names = {
  [ada]: { salt: hex(salt(1)), user: 'U0ADA', name: 'Ada Lovelace' },
  [grace]: { salt: hex(salt(2)), user: 'U0GRACE', name: 'Grace “Amazing” Hopper' },
};
const vectors = {
  workspace, drafts, events, at, page,
  key: { seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', id: key.id, public: key.der.toString('base64') },
  canonical: events.map((event) => canonical(event.payload)),
  checkpoints: events.map((_, size) => checkpoint(workspace, events, size, at, key))
    .concat([checkpoint(workspace, events, events.length, at, key)]),
  proofs: events.map((_, last) => events.slice(0, last + 1).map((event) =>
    path(event.seq - 1, events.slice(0, last + 1).map((each) => Buffer.from(each.hash, 'hex'))).map(hex))),
  texts: { [text_id]: { salt: hex(salt(7)), text } }, names,
  certificate: certificate(workspace, 'L-1', { events, at, key, page, texts, names }),
};
process.stdout.write(JSON.stringify(vectors, null, 1) + '\n');
