"""`wirechat join` on a terminal: what a person sees and does there."""

import re
import signal

import pytest

from peers import OriginalClient, OriginalServer, OurClient, Server, wirechat
from program import eventually
from terminal import ENTER, ESCAPE, TAB, TO_THE_TOP, UP, Screen, Terminal, control


@pytest.fixture
def ann_and_bob(start, server):
    """Two people in front of their terminals, in the same room."""
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    bob = start(Screen, server.uri, "Bob").wait_until_connected()
    ann.wait_for("Bob has joined")
    return ann, bob


# ---- talking


def test_two_people_talk(ann_and_bob):
    ann, bob = ann_and_bob
    ann.enter("hello Bob")
    ann.wait_for(r"\d\d:\d\d +Ann  hello Bob ✓")
    bob.wait_for(r"\d\d:\d\d +Ann  hello Bob$|Ann  hello Bob +│")
    bob.enter("hello Ann")
    ann.wait_for("Bob  hello Ann")
    ann.wait_for(r"● connected · \d+(\.\d)? ms")
    ann.wait_for("2 people")
    ann.press(control("c"))
    assert ann.wait() == 0
    bob.wait_for("Ann has left")
    bob.wait_for(r"People \(1\)")


def test_one_sees_that_the_other_types(ann_and_bob):
    ann, bob = ann_and_bob
    bob.press("hel")
    ann.wait_for("Bob is typing…")
    bob.press(control("u"))
    ann.wait_until_gone("is typing")
    bob.press("hello again")
    ann.wait_for("Bob is typing…")
    bob.press(ENTER)
    ann.wait_for("Bob  hello again")
    ann.wait_until_gone("is typing")


def test_a_private_message_opens_a_tab_with_its_own_conversation(ann_and_bob):
    ann, bob = ann_and_bob
    bells = ann.screen.bells
    bob.enter("/msg Ann psst")
    bob.wait_for("Bob  psst ✓")
    ann.wait_for(r"#lobby +@Bob 1")
    assert ann.screen.bells == bells + 1
    assert not any("psst" in row for row in ann.rows())
    ann.click("@Bob")
    ann.wait_for("Bob  psst")
    ann.enter("yes?")
    bob.wait_for("Ann  yes\\?")
    ann.press(control("n"))
    ann.wait_for("write to #lobby")
    ann.wait_until_gone("psst")


def test_a_room_is_a_tab_that_counts_what_is_new(ann_and_bob):
    ann, bob = ann_and_bob
    for person in ann_and_bob:
        person.enter("/join #ops")
        person.wait_for("write to #ops")
    bob.press("\x1b1")
    bob.wait_for("write to #lobby")
    bob.enter("one")
    bob.enter("two")
    ann.wait_for("#lobby 2")
    ann.press("\x1ba")
    ann.wait_for("─ new ─")
    ann.wait_for("Bob  two")
    ann.wait_until_gone("#lobby 2")
    ann.enter("/part ops")
    ann.wait_until_gone("#ops")


def test_names_are_completed_and_lines_called_back(ann_and_bob):
    ann, bob = ann_and_bob
    ann.press("bo", TAB, "hi", ENTER)
    bob.wait_for("Ann  Bob: hi")
    assert bob.screen.bells == 1, "somebody calls"
    ann.press(UP)
    ann.wait_for("› Bob: hi")
    ann.press(control("c"))
    ann.wait_for("write to #lobby")
    assert ann.is_running()


def test_several_pasted_lines_are_one_message(ann_and_bob):
    ann, bob = ann_and_bob
    ann.paste("one\r\ntwo\r\x1b[31mthree")
    ann.wait_for("two")
    assert not any("two" in row for row in bob.rows()), "nothing is sent before Enter"
    ann.press(ENTER)
    rows = bob.wait_until(lambda rows: any("[31mthree" in row for row in rows), "three")
    said = [row.split("│")[0][7:].strip() for row in rows if re.search("one|two|three", row)]
    assert said == ["Ann  one", "two", "[31mthree"]


def test_wide_characters_keep_their_places(ann_and_bob):
    ann, bob = ann_and_bob
    ann.enter("日本語 🦀 é e\u0301 end")
    bob.wait_for("日.?本.?語")
    row = bob.wait_for("People")
    # Tabs and, below, hint, input and status have the whole width.
    assert set(bob.column(row.index("│"))[1:-3]) == {"│"}


def test_older_messages_come_when_one_scrolls_to_the_top(start, server):
    bob = start(OurClient, server.uri, "Bob")
    # As many as a server lets one say at once, twice.
    for number in range(1, 41):
        bob.type(f"number {number}.")
    for number in range(1, 41):
        bob.wait_for_event(type="delivered", content=f"number {number}.")
    ann = start(Screen, server.uri, "Ann", "--history", "20").wait_until_connected()
    ann.wait_for("number 40\\.")
    ann.press(TO_THE_TOP)
    # The view stays where it was, and what has come is above it.
    ann.wait_for("number 20\\.")
    ann.press(TO_THE_TOP)
    ann.wait_for("number 1\\.")
    ann.wait_for("no older messages")
    bob.type("number 41.")
    ann.wait_for("1 new: Esc goes there")
    ann.press(ESCAPE)
    ann.wait_for("number 41\\.")


# ---- the connection


def test_it_counts_down_comes_back_and_loses_nothing(start):
    first = start(Server)
    ann = start(Screen, first.uri, "Ann").wait_until_connected()
    first.kill()
    ann.wait_for("no server listens there", seconds=30)
    ann.enter("are you there?")
    ann.wait_for("Ann  are you there\\? …")
    ann.wait_for(r"○ not connected · retry in [1-9]\d* s \(Ctrl-R: now\)", seconds=30)
    second = start(Server, f"127.0.0.1:{first.port}")
    ann.press(control("r"))
    ann.wait_until_connected()
    ann.wait_for("Ann  are you there\\? ✓")
    ann.wait_for("messages may be missing")
    bob = start(OurClient, second.uri, "Bob", "--history", "9")
    bob.wait_for_event(type="message", username="Ann", content="are you there?")


def test_an_address_without_a_server_is_tried_again_and_said_in_words(start):
    ann = start(Screen, "127.0.0.1:1", "Ann")
    ann.wait_for("no server listens there: is it running")
    ann.press(control("c"))
    assert ann.wait() == 0


@pytest.mark.parametrize(
    "uri, code, words",
    [
        ("ws://", 2, "must name a host"),
        ("ftp://chat.example/", 2, "must begin with ws://"),
        ("wss://127.0.0.1:1/", 3, "TLS"),
    ],
)
def test_an_address_that_cannot_be_is_said_in_words(start, uri, code, words):
    ann = start(Terminal, wirechat("join", uri, "--name", "Ann"))
    assert ann.wait() == code
    ann.wait_for_last_words(words)


def test_a_web_server_without_chat_is_said_in_words(start, server):
    ann = start(Terminal, wirechat("join", f"127.0.0.1:{server.port}/style.css", "--name", "Ann"))
    assert ann.wait() == 4
    ann.wait_for_last_words("ours is at /ws")


def test_a_taken_name_is_said_with_a_free_one(start, server):
    start(OurClient, server.uri, "Ann").wait_for_event(type="joined")
    ann = start(Screen, server.uri, "ann")
    assert ann.wait() == 6
    ann.wait_for_last_words('try --name "ann-2"')


def test_with_an_original_server_one_is_told_what_is_missing_and_talks(start):
    server = start(OriginalServer, "python-17")
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    ann.wait_for("dialect of the original chat")
    watcher = start(OriginalClient, "python-13", server.uri, "Watcher")
    ann.enter("hello")
    ann.wait_for("Ann  hello ✓")
    watcher.type("hello Ann")
    ann.wait_for("Watcher  hello Ann")
    ann.wait_for("plain server")


# ---- the terminal


def test_it_fits_whatever_size_the_terminal_is_given(ann_and_bob):
    ann, bob = ann_and_bob
    bob.enter("the quick brown fox jumps over the lazy dog")
    ann.wait_for("the quick brown fox")
    ann.resize(40, 10)
    ann.wait_for("lazy dog")
    ann.wait_until_gone("People")
    ann.resize(120, 40)
    ann.wait_for("the quick brown fox jumps over the lazy dog")
    ann.wait_for("People")


def test_nothing_hostile_reaches_the_terminal(start):
    """A plain server passes on whatever anybody writes, names included."""
    server = start(OriginalServer, "python-17")
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    eve = start(OriginalClient, "python-13", server.uri, "\x1b]0;owned\x07\x1b[2JEve")
    eve.type("\x1b[31mred\x9b1m \u202egnp.exe \u200bz\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 end")
    ann.wait_for("end")
    for hostile in ["\x1b]0;owned", "\x1b[2JEve", "\x1b[31mred", "\x9b", "\u202e", "\u200b"]:
        assert hostile.encode() not in ann.written.split(b"\x1b[?1049h")[1]
    assert ann.rows()[-1].lstrip().startswith("● connected")


def test_colours_are_used_unless_one_wants_none(start, server):
    # In pyte's words: the number of a colour becomes its six hexadecimal digits.
    styles = {}
    for name, options, environment in [
        ("Dark", ["--look", "dark"], {}),
        ("Light", ["--look", "light"], {}),
        ("None", [], {"NO_COLOR": "1"}),
    ]:
        person = start(Screen, server.uri, name, *options, environment=environment)
        person.wait_until_connected()
        person.enter("look")
        person.wait_for(f"{name}  look ✓")
        styles[name] = person.style_of(f"{name}  look")
        if name == "None":
            assert not re.search(rb"\x1b\[[0-9;]*[34]8;", person.written)
    assert styles["None"].fg == "default" and styles["None"].bold
    assert len({style.fg for style in styles.values()}) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_in_good_order_and_gives_the_terminal_back(ann_and_bob, number):
    ann, bob = ann_and_bob
    assert not ann.is_restored()
    ann.signal(number)
    assert ann.wait() == 0
    bob.wait_for("Ann has left")


def test_it_leaves_with_the_window(ann_and_bob):
    ann, bob = ann_and_bob
    ann.hang_up()
    bob.wait_for("Ann has left")
    eventually(lambda: not ann.is_running(), "the end")


def test_what_was_not_delivered_is_not_lost(start):
    server = start(Server)
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    server.kill()
    ann.wait_for("not connected", seconds=30)
    ann.enter("precious words")
    ann.wait_for("precious words …")
    ann.press(control("c"))
    ann.wait_for("not everything has arrived")
    ann.press(control("c"))
    assert ann.wait() == 1
    ann.wait_for_last_words("precious words")


def test_help_is_one_key_away(start, server):
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    ann.press("\x1bOP")
    ann.wait_for("/msg NAME")
    ann.press(ESCAPE)
    ann.wait_until_gone("/msg NAME")
    ann.enter("/dance")
    ann.wait_for("/dance is no command")
    ann.wait_for("› /dance")


def test_suspended_it_leaves_the_terminal_to_the_shell(start, server):
    ann = start(Screen, server.uri, "Ann").wait_until_connected()
    for suspend in [lambda: ann.press(control("z")), lambda: ann.signal(signal.SIGTSTP)]:
        suspend()
        ann.wait_until_stopped()
        ann.wait_until_restored()
        ann.signal(signal.SIGCONT)
        ann.wait_until(lambda _: not ann.is_restored(), "the screen again")
    ann.enter("back")
    ann.wait_for("Ann  back ✓")


def test_lines_can_be_had_on_a_terminal_too(start, server):
    ann = start(Terminal, wirechat("join", server.uri, "--name", "Ann", "--lines"))
    ann.wait_for(r"\* In lobby \(1\): Ann")
    assert b"\x1b[?1049h" not in ann.written
    ann.press("/quit", ENTER)
    assert ann.wait() == 0
