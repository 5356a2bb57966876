// What is remembered: settings for every page of this browser, and what this tab needs to go
// on after a reload. A browser may refuse storage; nothing remembered is no reason to fail.

const TAB = 'wirechat.tab';
const DRAFT = 'wirechat.draft.';

function attempt(act, otherwise) {
  try {
    return act() ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** `name`, `theme` and `notify`. */
export const settings = {
  get: (key) => attempt(() => localStorage.getItem(`wirechat.${key}`), ''),
  set: (key, value) => attempt(() => localStorage.setItem(`wirechat.${key}`, value)),
};

export const tab = {
  load: () => attempt(() => Object(JSON.parse(sessionStorage.getItem(TAB))), {}),
  save: (state) => attempt(() => sessionStorage.setItem(TAB, JSON.stringify(state))),
  forget: () => attempt(() => sessionStorage.clear()),
};

export const drafts = {
  get: (key) => attempt(() => sessionStorage.getItem(DRAFT + key), ''),
  set(key, text) {
    attempt(() => (text === '' ? sessionStorage.removeItem(DRAFT + key) : sessionStorage.setItem(DRAFT + key, text)));
  },
};
