-- The logs of the chat. Times are milliseconds since 1970, numbers as in the chat's
-- protocol. `wirechat serve` must not run while somebody else writes to this.

CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- The life of each room's log: see the column `seq` of its messages for its head.
CREATE TABLE rooms (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    born INTEGER NOT NULL,
    used INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE messages (
    room TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    username TEXT NOT NULL,
    content TEXT NOT NULL,
    nonce BLOB, -- a digest of who sent it and with which nonce
    PRIMARY KEY (room, seq)
) WITHOUT ROWID;

CREATE TABLE privates (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    content TEXT NOT NULL,
    nonce BLOB -- as in messages
);

-- Up to which private message everything was handed to whoever has this name.
CREATE TABLE delivered (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
