// Times in the person's own time zone and language.

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const fullDate = new Intl.DateTimeFormat([], { dateStyle: 'full', timeStyle: 'medium' });
const weekday = new Intl.DateTimeFormat([], { weekday: 'long', day: 'numeric', month: 'long' });
const longAgo = new Intl.DateTimeFormat([], { dateStyle: 'long' });

export function timeElement(timestamp) {
  const date = new Date(timestamp);
  const element = document.createElement('time');
  element.textContent = clock.format(date);
  element.dateTime = date.toISOString();
  element.title = fullDate.format(date);
  return element;
}

export function dayOf(timestamp) {
  const date = new Date(timestamp);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** "Today", "Yesterday", or the date. */
export function dayWords(day, now = Date.now()) {
  const daysAgo = Math.round((dayOf(now) - day) / 86_400_000);
  if (daysAgo === 0) return 'Today';
  if (daysAgo === 1) return 'Yesterday';
  return (daysAgo > 0 && daysAgo < 300 ? weekday : longAgo).format(day);
}
