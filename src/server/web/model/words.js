// Looking into what people write: links, their own name, nothing but emoji.

/** What is longer is no address that any browser takes. */
const LINK_MOST = 2_048;

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f]+/giu;
const CLOSING = /[.,:;!?…。、]$/u;
const PAIRS = { ')': '(', ']': '[', '}': '{' };

/**
 * The text in parts, `{text}` or `{text, link}`. A link is what it says: only http and
 * https, without a user name that would pretend another host, and cut at invisible characters.
 */
export function parts(content) {
  const found = [];
  let done = 0;
  for (const { 0: raw, index } of content.matchAll(LINK)) {
    if (raw.length > LINK_MOST) continue;
    const text = withoutClosing(raw);
    const link = address(text);
    if (link === null) continue;
    if (index > done) found.push({ text: content.slice(done, index) });
    found.push({ text, link });
    done = index + text.length;
  }
  if (done < content.length) found.push({ text: content.slice(done) });
  return found;
}

/** Punctuation that ends the sentence and not the address. */
function withoutClosing(raw) {
  let text = raw;
  for (;;) {
    const last = text.at(-1);
    const opened = PAIRS[last];
    if (CLOSING.test(text) || (opened && count(text, opened) < count(text, last))) text = text.slice(0, -1);
    else return text;
  }
}

function count(text, char) {
  return text.split(char).length - 1;
}

function address(text) {
  try {
    const url = new URL(text);
    return url.username === '' && url.password === '' ? url.href : null;
  } catch {
    return null;
  }
}

const LETTER = /[\p{L}\p{M}\p{N}_]/u;

/** Whether the text names this person, as a word of its own. */
export function mentions(content, name) {
  if (name === '') return false;
  const [text, word] = [content.toLowerCase(), name.toLowerCase()];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [charBefore(text, at), charAt(text, at + word.length)];
    if (!LETTER.test(before) && !LETTER.test(after)) return true;
  }
  return false;
}

function charAt(text, at) {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at)) : '';
}

function charBefore(text, at) {
  return [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? '';
}

const EMOJI = /^(?:\p{RI}\p{RI}|[#*0-9]\uFE0F?\u20E3|\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Emoji_Modifier}|\p{Extended_Pictographic}|[\u200D\uFE0F\s]|[\u{E0020}-\u{E007F}])+$/u;

/** Whether there are only a few emoji, which are shown larger. */
export function isOnlyEmoji(content) {
  return content.length <= 48 && /\S/.test(content) && EMOJI.test(content);
}
