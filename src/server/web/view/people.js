// Who is in the room.

import { addressOf } from '../model/names.js';
import { $, avatar, hiddenText, make, setText } from './dom.js';
import { Drawer } from './drawer.js';

/** Names shown at most; a crowd is counted, not listed. */
const PEOPLE_MOST = 500;

const byName = new Intl.Collator().compare;

export class PeopleView {
  #drawn = { room: null, version: -1, self: null };

  constructor() {
    this.drawer = new Drawer($('people'), $('people-toggle'));
  }

  render(room, self) {
    const { room: drawnRoom, version, self: drawnSelf } = this.#drawn;
    if (room === drawnRoom && room.peopleVersion === version && self === drawnSelf) return;
    this.#drawn = { room, version: room.peopleVersion, self };
    const words = room.count === 1 ? '1 person' : `${room.count} people`;
    setText($('people-title'), words);
    setText($('people-count'), `${room.count}`);
    $('people-toggle').ariaLabel = words;
    const names = [...room.people].sort((a, b) => Number(b === self) - Number(a === self) || byName(a, b));
    const items = names.slice(0, PEOPLE_MOST).map((name) => personItem(name, name === self));
    const more = room.count - items.length;
    if (more > 0) items.push(make('li', 'more', `and ${more} more`));
    $('people-list').replaceChildren(...items);
  }
}

function personItem(name, isSelf) {
  const item = make('li');
  const line = make(isSelf ? 'span' : 'a', 'person');
  const face = avatar(name);
  face.append(make('span', 'presence'));
  line.append(face, make('bdi', '', name));
  if (isSelf) {
    line.append(make('span', 'you', 'you'));
  } else {
    line.href = addressOf('private', name);
    line.append(hiddenText(': write privately'));
  }
  item.append(line);
  return item;
}
